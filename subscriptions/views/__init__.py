"""The pages of readers. GET shows, POST acts; whoever asks, strangers are answered alike."""
