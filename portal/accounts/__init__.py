"""Getting in and staying in, as people are told of it: mails with links or about changes, and who asks for access.

What happens is decided in `identity`, a floor below the mails; here is what is written about it.
"""
