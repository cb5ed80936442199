"""Domains that are nobody's company: mailboxes for everybody, and names under which anybody registers one.

A short list of the usual ones, which spares people a hopeless try; what it leaves out is held back by the
proof, which nobody but the domain's owner can publish.
"""

from typing import Final

_MAILBOXES = """
126.com 163.com aol.com arcor.de att.net bigpond.com bluewin.ch bt.com btinternet.com comcast.net duck.com
email.de fastmail.com free.fr freenet.de gmail.com gmx.at gmx.ch gmx.com gmx.de gmx.net googlemail.com hey.com
hotmail.co.uk hotmail.com hotmail.de hotmail.fr icloud.com inbox.ru laposte.net libero.it live.com live.de
mail.com mail.de mail.ru mailbox.org me.com msn.com naver.com o2online.de orange.fr outlook.com outlook.de
pm.me posteo.de proton.me protonmail.com qq.com rocketmail.com rediffmail.com sbcglobal.net seznam.cz sky.com
t-online.de telekom.de tuta.com tutanota.com tutanota.de verizon.net virgilio.it vodafone.de wanadoo.fr web.de
wp.pl yahoo.co.uk yahoo.com yahoo.de yahoo.fr yandex.com yandex.ru ymail.com zoho.com
"""
_SUFFIXES = """
ac.at ac.uk co.at co.id co.il co.in co.jp co.ke co.kr co.nz co.th co.uk co.za com.ar com.au com.br com.cn com.co
com.hk com.mx com.my com.ng com.pe com.ph com.pl com.sg com.tr com.tw com.ua com.vn edu.au gov.au gov.uk gv.at
ltd.uk me.uk ne.jp net.au net.br net.nz net.uk nhs.uk onmicrosoft.com or.at or.jp org.au org.br org.nz org.uk
org.za plc.uk sch.uk azurewebsites.net cloudfront.net github.io herokuapp.com netlify.app pages.dev vercel.app
"""
MAILBOXES: Final = frozenset(_MAILBOXES.split())
SUFFIXES: Final = frozenset(_SUFFIXES.split())


def is_everybodys(domain: str) -> bool:
    """Whether a domain (a host name in lower case) can be no company's own: one word, a suffix, or free mailboxes.

    >>> [is_everybodys(each) for each in ("gmail.com", "mail.gmx.de", "co.uk", "de", "example.co.uk", "notgmail.com")]
    [True, True, True, True, False, False]
    """
    if "." not in domain or domain in SUFFIXES:
        return True
    parts = domain.split(".")
    return any(".".join(parts[place:]) in MAILBOXES for place in range(len(parts) - 1))
