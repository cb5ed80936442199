"""What people write to each other about broken things. A line is who speaks and what they say.

Who: c the client, p the client with a photo, s the staff, n a note among the staff.
"""

from typing import Literal, NamedTuple

Who = Literal["c", "p", "s", "n"]


class Scene(NamedTuple):
    """A conversation from the first word on; rank is the priority it deserves (1 comes first)."""

    subject: str
    rank: int
    lines: tuple[tuple[Who, str], ...]


SCENES = (
    Scene(
        "VPN drops every few minutes since the update",
        2,
        (
            (
                "c",
                "Since Monday's update my VPN disconnects about every ten minutes. I have to type the code again each "
                "time, and the phone system drops calls when it happens.\n\nI work from home today, so this hurts.",
            ),
            (
                "s",
                "Thanks, that is a clear description. Two questions so that I can look in the right place:\n\n"
                "1. Are you on Wi-Fi or on a cable?\n2. Does it happen on your phone's hotspot as well?",
            ),
            ("c", "Wi-Fi. On the hotspot it has held for twenty minutes now."),
            (
                "n",
                "Router at her home is an old one with the buggy firmware we saw in March. Offer the spare from the shelf.",
            ),
            (
                "s",
                "Then it is most likely the router at home. We have put a newer one in the post; until it arrives, the "
                "hotspot is fine to use. The parcel comes tomorrow before noon, and I'll call you to set it up.",
            ),
            ("c", "Works perfectly with the new one. Thank you!"),
        ),
    ),
    Scene(
        "Printer on the second floor prints only half pages",
        3,
        (
            ("p", "Every page stops in the middle, as in the photo. Restarting it didn't help."),
            (
                "s",
                "That looks like the fuser unit. I have ordered one; it is covered by your contract. Could somebody let "
                "our technician in on Thursday between 9 and 11?",
            ),
            ("c", "Thursday is fine. Ask for me at the front desk."),
            ("s", "The new unit is in and the test pages are clean. Please send a long document before we close this."),
            ("c", "Forty pages, all whole. Great."),
        ),
    ),
    Scene(
        "New colleague starts on the 1st",
        3,
        (
            (
                "c",
                "We have a new hygienist, Marta Nowak, starting on the 1st. She needs a mailbox, access to the patient "
                "software and a laptop like mine.",
            ),
            (
                "s",
                "Welcome to Marta! I have reserved a laptop from stock. May she see the shared calendar and the billing "
                "folder, or only the calendar?",
            ),
            ("c", "Only the calendar, please."),
            (
                "s",
                "All set: mailbox, software and calendar. The laptop is on your desk, the first password is in a sealed "
                "envelope beside it.",
            ),
        ),
    ),
    Scene(
        "Mail from one customer lands in the spam folder",
        4,
        (
            ("c", "Messages from our supplier keep ending in spam, although I marked them as safe several times."),
            (
                "s",
                "Their domain lost a setting that proves who sends the mail. I have allowed them for you, and written to "
                "their technicians what is missing on their side.",
            ),
            ("c", "Two came in as they should today. Thanks."),
        ),
    ),
    Scene(
        "Server room is too warm",
        1,
        (
            ("p", "The thermometer in the server room shows 38 °C and something beeps. Is that dangerous?"),
            (
                "s",
                "Yes, please open the door and switch on the fan by the window right now. We are on our way and will be "
                "with you within the hour.",
            ),
            (
                "n",
                "Air conditioning tripped the breaker. Facility management knows. Shut down the two test machines from here.",
            ),
            ("s", "We have shut down what isn't needed. Temperature is falling: 31 °C."),
            ("c", "The beeping has stopped. The electrician is here."),
            (
                "s",
                "23 °C and stable. Everything is running again, nothing was lost. We'll add an alarm that calls us before "
                "it gets that far.",
            ),
        ),
    ),
    Scene(
        "Can't open the shared calendar",
        3,
        (
            ("c", "Outlook says that I don't have permission, but it worked last week."),
            (
                "s",
                "A permission was removed when the old group was cleaned up. It is back; please close Outlook and open "
                "it again.",
            ),
            ("c", "There it is. Thank you for the quick help!"),
        ),
    ),
    Scene(
        "Laptop battery lasts only half an hour",
        4,
        (
            ("c", "My laptop is three years old and the battery is empty before the first meeting ends."),
            (
                "s",
                "The battery reports 41 % of its health. It is still under warranty until the end of next month, so a "
                "replacement costs you nothing. May we keep the laptop for half a day?",
            ),
        ),
    ),
    Scene(
        "Wi-Fi in the meeting room is very slow",
        3,
        (
            ("c", "Video calls freeze in the large meeting room, everywhere else is fine."),
            (
                "s",
                "We see that twelve devices share one access point there. We suggest a second one; the offer is attached "
                "to your quotes.",
            ),
            ("c", "Please go ahead. Our board approved it this morning."),
            ("s", "It arrives on Tuesday. Installing takes about an hour, without interruption for you."),
        ),
    ),
    Scene(
        "Suspicious mail asking for our bank details",
        2,
        (
            (
                "p",
                "Fin got this mail that pretends to be from our accountant. We did NOT click anything, but two others "
                "have got it as well.",
            ),
            (
                "s",
                "Well spotted, and thank you for not clicking. We have removed it from all mailboxes and blocked the "
                "sender. Nobody opened the link.",
            ),
            ("n", "Same campaign as at two other clients this week. Added the domain to the block list for everybody."),
            ("c", "That was fast. Can you tell our team how to recognise such mails?"),
            ("s", "Gladly: I have booked 20 minutes for all of you next Wednesday at 12:30."),
        ),
    ),
    Scene(
        'Backup report says "completed with warnings"',
        3,
        (
            ("c", "Do I have to worry about the warning in yesterday's backup report?"),
            (
                "s",
                "No. One file was open while it was copied and was taken on the second try. To be certain I restored it "
                "to a test machine: it is complete.",
            ),
        ),
    ),
    Scene(
        "Scanner no longer sends to my mail",
        3,
        (
            ("c", 'Scan to mail says "authentication failed" since this morning.'),
            (
                "s",
                "The password of the scanner's mailbox expired. I have set a new one with no expiry and tested a scan.",
            ),
            ("c", "Confirmed, three scans arrived."),
        ),
    ),
    Scene(
        "Drucker im Empfang meldet Papierstau, obwohl keiner da ist",
        3,
        (
            (
                "p",
                "Guten Morgen,\n\nder Drucker am Empfang zeigt dauernd „Papierstau Fach 2“. Wir haben alles geöffnet, da "
                "ist kein Papier. Foto anbei.\n\nViele Grüße",
            ),
            (
                "s",
                "Guten Morgen! Auf dem Foto sieht man einen kleinen Papierrest am Sensor, oben links. Bitte mit einer "
                "Pinzette herausziehen, dann die Klappe einmal öffnen und schließen.",
            ),
            ("c", "Tatsächlich, ein Schnipsel! Jetzt läuft er wieder. Vielen Dank für die schnelle Hilfe."),
        ),
    ),
    Scene(
        "Bildschirm bleibt schwarz nach dem Aufwachen",
        3,
        (
            ("c", "Nach der Mittagspause bleibt der zweite Bildschirm schwarz. Erst ein Neustart hilft."),
            (
                "s",
                "Das liegt an einem Treiber, den wir heute Abend nach 18 Uhr austauschen können. Bitte den Rechner dafür "
                "angeschaltet lassen.",
            ),
            ("c", "Passt, er bleibt an."),
            ("n", "Treiber 31.2 aus dem Paket nehmen, 31.3 ist bei der Dockingstation noch kaputt."),
            ("s", "Erledigt. Bitte morgen nach der Pause einmal prüfen."),
        ),
    ),
    Scene(
        "الطابعة لا تعمل بعد انتقال المكتب",
        2,
        (
            (
                "c",
                "صباح الخير، بعد أن نقلنا المكتب إلى الطابق الثالث لم تعد الطابعة تظهر على أي جهاز. نحتاجها اليوم للفواتير.",
            ),
            (
                "s",
                "صباح النور. الطابعة حصلت على عنوان جديد. أضفناها من جديد على أجهزتكم الأربعة، هل تجربون طباعة صفحة؟",
            ),
            ("c", "تعمل الآن، شكرًا جزيلاً."),
        ),
    ),
    Scene(
        "הסיסמה לתיבת הדואר פגה",
        3,
        (
            ("c", "שלום, אני לא מצליחה להיכנס לדואר מאז הבוקר, כתוב שהסיסמה פגה."),
            ("s", "שלום, שלחנו לך קישור לבחירת סיסמה חדשה. הוא תקף לשעה אחת."),
        ),
    ),
    Scene(
        'Excel file is "locked for editing" by somebody who left',
        4,
        (
            ("c", "The price list says it is locked by a colleague who left in spring."),
            ("s", "An old session held it. I have closed that session; the file opens for everybody again."),
        ),
    ),
    Scene(
        "Request: larger mailbox for the front desk",
        4,
        (
            ("c", "The front desk's mailbox is full at 50 GB. Can it grow, and what would it cost?"),
            (
                "s",
                "It can: 100 GB are €4.00 more a month. Or we move mail older than three years into the archive, which "
                "is included. Which would you like?",
            ),
        ),
    ),
    Scene(
        "Phone system: callers hear only silence",
        1,
        (
            ("c", "Callers hear nothing, we hear them. All three lines. Patients can't reach us!"),
            (
                "s",
                "We see it. The provider has trouble in your area; we have redirected your number to Dana's mobile so "
                "that nobody is lost.",
            ),
            ("c", "Calls come in on the mobile. Thanks for the quick workaround."),
            ("s", "The provider has repaired the line. Your number is back on the desk phones; please try one."),
            ("c", "All three are fine."),
        ),
    ),
    Scene(
        "Software licence expires next week",
        3,
        (
            ("c", 'The design program shows "7 days left". We need it for the brochure.'),
            ("s", "The renewal was waiting for your purchase order number. Could you give it to us?"),
        ),
    ),
    Scene(
        "Please wipe the old tablets before we donate them",
        4,
        (
            ("c", "We would like to give six old tablets to the school. They must be empty, of course."),
            ("s", "A lovely idea. Put them into the grey box; we erase them and give you a certificate for each."),
            ("c", "They are in the box, with chargers."),
        ),
    ),
)

LONG = Scene(
    "Donaudampfschifffahrtsgesellschaftskapitänsmützenverwaltungssoftware-Lizenzserver startet nach dem Stromausfall "
    "in der Nacht nicht mehr und alle Arbeitsplätze zeigen eine Fehlermeldung",
    1,
    (
        (
            "p",
            "Seit dem Stromausfall in der Nacht startet der Lizenzserver nicht mehr. An allen elf Plätzen steht "
            "dieselbe Meldung, siehe Foto.",
        ),
        ("s", "Wir haben Sie schon auf dem Schirm: der Server wartet auf eine Platte. Ein Kollege ist unterwegs."),
    ),
)

BACK_AND_FORTH: tuple[tuple[Who, str], ...] = (
    ("c", "It happened again just now, at the same minute as yesterday."),
    ("s", "Thank you. I have the logs of that minute and will compare them with yesterday's."),
    ("n", "Same event id 7031 both days. Scheduled task? Check with the vendor."),
    ("c", "Should we keep a list of when it happens?"),
    ("s", "Yes please, time and what you were doing. A photo of the message helps as well."),
    ("p", "Here is today's."),
    ("s", "That photo was gold: the message names a module that shouldn't run on this machine at all."),
    ("n", "Vendor confirms a wrong package in the last release. Fix is promised for Friday."),
    (
        "s",
        "The manufacturer found the fault and will deliver a fix on Friday. Until then, start the program with the "
        "shortcut that I put on your desktop.",
    ),
    ("c", "The shortcut works. Thank you for staying on it."),
)

SHORT: tuple[tuple[str, str], ...] = (
    ("Password reset for {name}", "I have forgotten my password again, sorry."),
    ("Second monitor not recognised", "Only one of the two screens comes on."),
    ("Please add {name} to the mailing list", "And remove nobody, please."),
    ("Error when saving to drive S:", "It says that the disk is full."),
    ("Mouse moves by itself", "It is a little spooky."),
    ("Update wants to restart all the time", "Can it wait until the evening?"),
    ("Access to folder “{word}”", "I need to read it, not to write."),
    ("Phone shows no names any more", "Only numbers since this morning."),
    ("Fax arrives upside down", "Yes, we still have a fax."),
    ("Install {word} on my laptop", "I have the licence key."),
)
WORDS = ("Ledger", "Archive 2024", "Payroll", "Blueprints", "Recipes", "Contracts", "Design", "Inventory", "Roster")
SHORT_REPLIES = (
    "Done. Please tell us if anything is still amiss.",
    "We are looking into it and will be back with you today.",
    "Could you try once more and tell us what you see?",
)
