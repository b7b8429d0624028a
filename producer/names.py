"""What the unicorns are called."""

from itertools import chain, count, islice

# Horses and unicorns of history, myth and literature; the workshop itself names the first two.
WELL_KNOWN = (
    *("Bucephalus", "Rocinante", "Pegasus", "Sleipnir", "Amalthea", "Binky", "Silver", "Boxer", "Clover"),
    *("Mollie", "Bree", "Hwin", "Fledge", "Jewel", "Artax", "Bayard", "Babieca", "Marengo", "Grani"),
    *("Gringolet", "Hengroen", "Llamrei", "Copenhagen", "Incitatus", "Xanthos", "Balios", "Arion", "Rakhsh"),
    *(
        "Shabdiz",
        "Chetak",
        "Kanthaka",
        "Uchchaihshravas",
        "Ginger",
        "Merrylegs",
        "Flicka",
        "Misty",
        "Snowmane",
    ),
    *("Asfaloth", "Felarof", "Nahar", "Strider", "Windfola"),
)


def names(first: str, number: int) -> tuple[str, ...]:
    """So many different names: `first`, the well-known ones, then `first` with its place: Shadowfax-44.

    A name depends on its place and on `first` only: one unicorn more leaves the others' names alone.
    """
    known = (name for name in WELL_KNOWN if name != first)
    numbered = (f"{first}-{place}" for place in count(len(WELL_KNOWN) + 2))
    return tuple(islice(chain((first,), known, numbered), number))
