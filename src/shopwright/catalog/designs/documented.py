"""The templates, styles and categories that reference (d) names, to begin a shop with.

Names are the documented ones; prompts, words and colours are our own (reference decision 47).
"""

from dataclasses import dataclass

from shopwright.catalog.designs.service import Parameter
from shopwright.catalog.designs.states import ColorKind, TemplateCategory

KEEP = "Keep the people and animals in the photo recognisable, and add no lettering."
PORTRAIT = "Compose it upright, so that it fills the back of a phone case to its edges."


@dataclass(frozen=True, slots=True)
class StyleSeed:
    name: str
    look: str

    @property
    def prompt(self) -> str:
        return f"Redraw this photo: {self.look} {KEEP} {PORTRAIT}"


@dataclass(frozen=True, slots=True)
class TemplateSeed:
    code: str
    name: str
    category: TemplateCategory
    image_count: int
    description: str
    features: tuple[str, ...] = ()
    parameters: tuple[Parameter, ...] = ()
    styles: tuple[StyleSeed, ...] = ()


BASIC, FILM, AI = TemplateCategory.BASIC, TemplateCategory.FILM, TemplateCategory.AI

TEMPLATES = (
    TemplateSeed(
        "classic",
        "Classic",
        BASIC,
        1,
        "One photo over the whole case.",
        ("Your photo, edge to edge", "Texts and stickers on top"),
    ),
    TemplateSeed(
        "2-in-1",
        "Two in one",
        BASIC,
        2,
        "Two photos, one above the other.",
        ("Two photos", "Texts and stickers on top"),
    ),
    TemplateSeed(
        "3-in-1",
        "Three in one",
        BASIC,
        3,
        "Three photos in a column.",
        ("Three photos", "Texts and stickers on top"),
    ),
    TemplateSeed(
        "4-in-1",
        "Four in one",
        BASIC,
        4,
        "Four photos in a square pattern.",
        ("Four photos", "Texts and stickers on top"),
    ),
    TemplateSeed(
        "film-strip-3",
        "Film strip, three",
        FILM,
        3,
        "Three photos as a strip of film.",
        ("Three photos in frames", "A border like real film"),
    ),
    TemplateSeed(
        "film-strip-4",
        "Film strip, four",
        FILM,
        4,
        "Four photos as a strip of film.",
        ("Four photos in frames", "A border like real film"),
    ),
    TemplateSeed(
        "retro-remix",
        "Retro remix",
        AI,
        1,
        "Your photo in the colours of another decade.",
        ("Eleven looks", "One word of your own"),
        (
            Parameter("keyword", "A word for the mood", is_required=False, max_length=40),
            Parameter("optional_text", "A text", is_required=False, max_length=40),
        ),
        (
            StyleSeed("VHS Nostalgia", "a worn home video, with scan lines and bleeding colours."),
            StyleSeed("80s Neon", "neon pink and cyan light, a grid horizon, deep violet shadows."),
            StyleSeed(
                "90s Polaroid Glow", "an instant photo with faded warm colours and a soft flash."
            ),
            StyleSeed(
                "Disposable Snapshot ('97)",
                "a throw-away camera: hard flash, grain, slightly off colours.",
            ),
            StyleSeed(
                "MTV Static Cool", "music television of the nineties: static, bold shapes, collage."
            ),
            StyleSeed(
                "Y2K Rave Chrome", "liquid chrome, lens flares and acid colours of the year 2000."
            ),
            StyleSeed("Retro Rewind", "a mix of three decades, cut together like a mixtape cover."),
            StyleSeed(
                "Bubblegum Mallcore",
                "pastel pink and mint, shiny plastic, a shopping mall at noon.",
            ),
            StyleSeed(
                "Neo-Tokyo Dreamcore",
                "a rainy neon city at night, dreamlike, with hazy reflections.",
            ),
            StyleSeed("Classic Film Noir", "black and white, hard side light, long shadows, fog."),
            StyleSeed(
                "Psychedelic 70s Glow", "swirling orange and brown waves, a glowing outline."
            ),
        ),
    ),
    TemplateSeed(
        "funny-toon",
        "Funny toon",
        AI,
        1,
        "You as a cartoon.",
        ("Two looks",),
        (),
        (
            StyleSeed(
                "Wild and Wacky", "a loud cartoon with huge eyes, bent shapes and bright colours."
            ),
            StyleSeed("Smooth and Funny", "a friendly cartoon with soft shading and clean lines."),
        ),
    ),
    TemplateSeed(
        "cover-shoot",
        "Cover shoot",
        AI,
        1,
        "Your photo as if for a magazine.",
        ("Eight looks",),
        (),
        (
            StyleSeed("Vogue Vibe", "high fashion, soft studio light, a calm pose, muted colours."),
            StyleSeed("Streetwear Heat", "street fashion in low sun, concrete, strong contrast."),
            StyleSeed(
                "Studio Flash", "a direct flash on a plain bright backdrop, crisp and glossy."
            ),
            StyleSeed("Cinematic Glow", "a wide film frame, warm highlights, teal shadows."),
            StyleSeed("Rockstar Raw", "a concert in back light, smoke, grain, leather and sweat."),
            StyleSeed("Mono Mood", "black and white, one soft light, deep calm shadows."),
            StyleSeed("i-D Edge", "an odd angle, one bold colour, playful and raw."),
            StyleSeed(
                "Cover Beauty", "a close beauty portrait, even light, clear skin, subtle gloss."
            ),
        ),
    ),
    TemplateSeed(
        "glitch-pro",
        "Glitch pro",
        AI,
        1,
        "Your photo as a broken signal.",
        ("Two looks",),
        (),
        (
            StyleSeed("Retro", "an old screen: scan lines, shifted red and blue, a slight roll."),
            StyleSeed("Chaos", "torn blocks of pixels, wrong colours, a signal that falls apart."),
        ),
    ),
    TemplateSeed(
        "footy-fan",
        "Footy fan",
        AI,
        1,
        "You among the fans of your team.",
        ("Four looks", "In your team's colours"),
        (Parameter("team", "Your team", max_length=60),),
        (
            StyleSeed("Firework", "fireworks over a full stadium in the colours of {team}."),
            StyleSeed("Fire trail", "a trail of fire behind the person, in the colours of {team}."),
            StyleSeed("Wave", "a wave of fans and flags behind the person, for {team}."),
            StyleSeed("Confetti", "confetti in the colours of {team} falling everywhere."),
        ),
    ),
)

STICKER_CATEGORIES = (
    "Alien",
    "British",
    "Cartoon",
    "Cat",
    "Dog",
    "Graffiti",
    "Hiphop",
    "Jesus",
    "Love",
    "Mamas & Papas",
    "Monsters",
    "Pop-Art",
    "Positive Vibe",
    "Retro",
    "Rock",
    "Skull",
    "Space",
)

# Name, family and weight of fonts that come with the program.
FONTS = (
    ("Noto Sans", "Noto Sans", 400),
    ("Noto Sans Bold", "Noto Sans", 700),
    ("Bebas Neue", "Bebas Neue", 400),
    ("Caveat", "Caveat", 700),
    ("Lobster", "Lobster", 400),
    ("Pacifico", "Pacifico", 400),
    ("Permanent Marker", "Permanent Marker", 400),
    ("Playfair Display", "Playfair Display", 700),
    ("Press Start 2P", "Press Start 2P", 400),
)

SHADES = (
    ("White", "#ffffff"),
    ("Black", "#111111"),
    ("Graphite", "#4b5563"),
    ("Cream", "#f6efe0"),
    ("Red", "#d62828"),
    ("Coral", "#f4845f"),
    ("Orange", "#f08c00"),
    ("Yellow", "#ffd43b"),
    ("Lime", "#a9e34b"),
    ("Green", "#2b9348"),
    ("Mint", "#99e9d3"),
    ("Sky", "#74c0fc"),
    ("Blue", "#1e40af"),
    ("Violet", "#7048e8"),
    ("Pink", "#f783ac"),
)
COLORS = tuple((kind, name, value) for kind in ColorKind for name, value in SHADES)
