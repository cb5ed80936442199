"""The web application: what gunicorn serves and the `flask` command finds."""

from portal.start import application

app = application()
