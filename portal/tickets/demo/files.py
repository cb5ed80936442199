"""What the demo's letters carry, and what the text files say."""

from typing import NamedTuple


class Picture(NamedTuple):
    """A photograph that is stored. Sizes in pixels and bytes."""

    name: str
    key: str
    size: int
    thumbnail_key: str
    width: int
    height: int


class TextFile(NamedTuple):
    """A text file that is stored."""

    name: str
    key: str
    size: int


TEXTS = {
    "sockets.txt": "Room 1: A1 A2 A3\nRoom 2: A4 A5\nMeeting room: A6 (dead) A7 (dead)\nRoom 4: A8 A9 A10\n",
    "seats.txt": "Room 1  reception\nRoom 2  accounting\nRoom 4  -\nRoom 5  assistants\nRoom 6  management\n",
    "guest-network.txt": "Guest network\nOpen 8:00 to 18:00. Please ask at the reception for today's code.\n",
    "strange-mail.txt": "Hello dear, find attach the invoice as we spoke. Open quickly, it is urgent. Greetings\n",
    "vergleich.txt": "Programm A: bleibt auf dem Telefon, 2 Klicks\nProgramm B: bleibt auf dem Telefon, 1 Klick\n",
    "protokoll.txt": "Fr 18:25 Abgleich\nSa 06:10 Umzug\nSa 09:10 neuer Server läuft\nMi 16:00 alter Server aus\n",
}
"""By the names that the stories call them."""
