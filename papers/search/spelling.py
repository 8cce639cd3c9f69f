"""English word forms: one number, one spelling, and the stems a phrase's last word may share.

Words come here folded: lower case, no accents. Nothing is cut but by `stems`, so that *experiment*
stays apart from *experience* and *physics* from *physical*.
"""

import re
from functools import lru_cache


def _table(pairs: str) -> dict[str, str]:
    return dict(pair.split() for pair in pairs.split(","))


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


# Number ---------------------------------------------------------------------------------------------
PLURALS = _table(
    """
    addenda addendum, algae alga, alumni alumnus, antennae antenna, apices apex, appendices appendix,
    automata automaton, axes axis, bacilli bacillus, bacteria bacterium, calculi calculus, calves calf, children child,
    cilia cilium, codices codex, continua continuum, corpora corpus, cortices cortex, crises crisis,
    criteria criterion, curricula curriculum, diagnoses diagnosis, emphases emphasis, equilibria equilibrium,
    errata erratum, feet foot, flagella flagellum, foci focus, formulae formula, fungi fungus, geese goose,
    genera genus, geneses genesis, gyri gyrus, halves half, helices helix, hyphae hypha, indices index, knives knife,
    larvae larva, leaves leaf, lemmata lemma, loaves loaf, loci locus, matrices matrix, maxima maximum, men man,
    memoranda memorandum, metamorphoses metamorphosis, metastases metastasis, mice mouse, minima minimum,
    mitochondria mitochondrion, moduli modulus, momenta momentum, nebulae nebula, neuroses neurosis, novae nova,
    nuclei nucleus, octahedra octahedron, optima optimum, ova ovum, phenomena phenomenon, phyla phylum,
    polyhedra polyhedron, prognoses prognosis, psychoses psychosis, quanta quantum, radii radius, schemata schema,
    selves self, sheaves sheaf, shelves shelf, simplices simplex, spectra spectrum, stigmata stigma, stimuli stimulus,
    strata stratum, sulci sulcus, supernovae supernova, symbioses symbiosis, symposia symposium, taxa taxon,
    teeth tooth, tetrahedra tetrahedron, thalami thalamus, thieves thief, thromboses thrombosis, tori torus,
    vertebrae vertebra, vertices vertex, vortices vortex, wives wife, wolves wolf, women woman,
    apis api, cpus cpu, emojis emoji, gpus gpu, guis gui, menus menu, npus npu, pois poi, rois roi, skis ski,
    taxis taxi, tpus tpu,
    aches ache, avalanches avalanche, caches cache, headaches headache, niches niche, psyches psyche,
    calories calorie, cookies cookie, genies genie, movies movie, prairies prairie, selfies selfie, zombies zombie,
    quizzes quiz, canoes canoe, oboes oboe, horseshoes horseshoe, throes throe
    """
)
# The final s belongs to the word; a plural, where there is one, adds -es.
_ENDS_IN_S = _words(
    """
    aids alias always ares asbestos athens atlas bayes besides bias biceps canvas caries chaos charles christmas corps
    cosmos diabetes does ethos gas hermes herpes james jones kansas keras kubernetes kudos lens mars measles mers mumps
    news nips nurbs pancreas pandas pathos perhaps rabies sars scabies series sometimes species stokes texas thomas
    triceps whereas
    apparatus bonus bus cactus campus census chorus circus consensus corpus focus genius genus hiatus iris lotus
    nexus octopus plus prospectus sinus status stimulus surplus syllabus terminus thesaurus torus uterus virus walrus
    adenovirus arbovirus coronavirus lentivirus norovirus papillomavirus retrovirus rhinovirus rotavirus
    """
)
# Else -ics names a field of study: robotics is not robotic.
_COUNTED_ICS = _words(
    """
    antibiotics arithmetics asics basics ceramics characteristics clinics comics conics critics cubics epidemics
    fabrics generics harmonics heuristics logics lyrics metrics mimics mosaics pandemics pics picnics plastics quadrics
    relics rubrics skeptics statistics subtopics tactics topics
    """
)
_IRREGULAR_ENDINGS = (("yses", "ysis"), ("theses", "thesis"), ("hedra", "hedron"))


def singular(word: str) -> str:
    """The word in the singular; unchanged when it is not a plural."""
    if word in PLURALS:
        return PLURALS[word]
    # "bases" is the plural of both, so both are one word: Gröbner basis, knowledge base.
    if word.endswith("basis"):
        return word[:-2] + "e"
    for plural, one in _IRREGULAR_ENDINGS:
        if word.endswith(plural):
            return word.removesuffix(plural) + one
    return _without_s(word) if len(word) > 3 and word.endswith("s") else word


def _without_s(word: str) -> str:
    if word in _ENDS_IN_S or word.endswith(("ss", "us", "is")):
        return word
    if word.endswith("ics"):
        return word[:-1] if word in _COUNTED_ICS else word
    if word.endswith("ies") and len(word) > 4:
        return word[:-3] + "y"
    if word[:-2] in _ENDS_IN_S or word.endswith(("sses", "shes", "ches", "xes", "zzes")):
        return word[:-2]
    if word.endswith("oes") and len(word) > 5:
        return word[:-2]
    return word[:-1]


# Spelling -------------------------------------------------------------------------------------------
_AMERICAN = _table(
    """
    ageing aging, aluminium aluminum, amongst among, analogue analog, artefact artifact, benefitted benefited,
    benefitting benefiting, biassed biased, catalogue catalog, catalogued cataloged, cosy cozy, defence defense,
    dialogue dialog, disc disk, distil distill, draught draft, enrol enroll, enrolment enrollment, focussed focused,
    focussing focusing, fulfil fulfill, fulfilment fulfillment, gramme gram, grey gray, greyscale grayscale,
    homologue homolog, instalment installment, jewellery jewelry, judgement judgment, kilogramme kilogram,
    learnt learned, licence license, manoeuvre maneuver, manoeuvred maneuvered, manoeuvring maneuvering,
    mediaeval medieval, mould mold, moult molt, offence offense, orientated oriented,
    plough plow, practise practice, practised practiced, practising practicing, pretence pretense, programme program,
    sceptic skeptic, sceptical skeptical, scepticism skepticism, skilful skillful, smoulder smolder,
    acknowledgement acknowledgment, tyre tire, whilst while, wilful willful,
    goedel godel, groebner grobner, hoelder holder, kaehler kahler, moebius mobius, schroedinger schrodinger
    """
)
_OUR = re.compile(
    r"(arm|behavi|cand|clam|col|demean|endeav|fav|ferv|flav|harb|hon|hum|lab|neighb|od|parl|rig|rum|sav|savi|splend"
    r"|tum|vap|vig)our"
)
_DOUBLE_L = re.compile(
    r"(cancel|channel|dial|equal|fuel|funnel|initial|jewel|label|level|marshal|model|panel|parcel|pencil|quarrel|rival"
    r"|signal|spiral|total|travel|trial|tunnel|unravel)l(ed|er|ing|able)$"
)
_PATTERNS = (
    (_OUR, r"\1or"),
    (_DOUBLE_L, r"\1\2"),
    *(
        (re.compile(pattern), replacement)
        for pattern, replacement in (
            (r"(analy|cataly|dialy|paraly|hydroly|electroly)s(e|ed|er|ing)$", r"\1z\2"),
            (r"(calib|cent|fib|lit|lust|meag|met|och|sab|somb|spect|theat)re(d?)$", r"\1er\2"),
            (r"^(de|)centring$", r"\1centering"),
            (r"haem", "hem"),
            (r"aemi(a|c)", r"emi\1"),
            (r"([rp])(rh|n)oea", r"\1\2ea"),
            (r"anaesth", "anesth"),
            (r"paed", "ped"),
            (r"palaeo", "paleo"),
            (r"gynaec", "gynec"),
            (r"^aetiolog", "etiolog"),
            (r"^caesium$", "cesium"),
            (r"^faec", "fec"),
            (r"^coeliac$", "celiac"),
            (r"^foet", "fet"),
            (r"oestr(o|a)", r"estr\1"),
            (r"oedema", "edema"),
            (r"oesoph", "esoph"),
            (r"sulph", "sulf"),
        )
    ),
)
_ISE = re.compile(r"(\w{3,})is(e|ed|er|ing|able|ability|ation|ational)$")
# Here -ise belongs to the root, which matters in compounds only: noise-free has to equal noisefree.
_NOT_IZE = re.compile(
    r"(?:adv|appr|appra|br|comprom|compr|conc|cru|dem|desp|dev|disgu|enterpr|exerc|expert|franch|improv|inc|merchand"
    r"|no|parad|po|pra|prec|prem|prom|ra|rev|superv|surm|surpr|telev|treat|w)$"
)


def american(word: str) -> str:
    """The word in American spelling; unchanged when it has only one."""
    if word in _AMERICAN:
        return _AMERICAN[word]
    match = _ISE.match(word)
    if match and not _NOT_IZE.search(match[1]):
        word = f"{match[1]}iz{match[2]}"
    for pattern, replacement in _PATTERNS:
        word = pattern.sub(replacement, word)
    return word


# Inflection -----------------------------------------------------------------------------------------
_UNINFLECTED = _words("bed bred embed fed hundred infrared kindred naked red sacred shed shred sled wed")
_VOWEL = re.compile(r"[aeiouy]")


@lru_cache(maxsize=20_000)
def stems(word: str) -> tuple[str, ...]:
    """The words this one may be an inflection of by -ing, -ed or -er, itself included where it may be none.

    Two words count as the same but for inflection when they have a stem in common: tune, tuned, tuner
    and tuning do, plan and plane do not.
    """
    if word.endswith("ing"):
        return _roots(word, word[:-3]) or (word,)
    if word.endswith("ed") and not word.endswith("eed") and word not in _UNINFLECTED:
        return _roots(word, word[:-2]) or (word,)
    if word.endswith("er") and not word.endswith("eer") and len(word) > 4:
        return (word, *_roots(word, word[:-2]))
    return (word,)


def _roots(word: str, root: str) -> tuple[str, ...]:
    if len(root) < 2 or not word.isalpha() or not _VOWEL.search(root):
        return ()
    if root.endswith("i"):
        return (root[:-1] + "y",)
    if root[-1] == root[-2]:
        return (root, root[:-1])
    return (root, root + "e")
