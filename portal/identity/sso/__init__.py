"""Single sign-on by OpenID Connect: a tenant's providers, and what their directories say of people."""
