"""The page for everybody: what is moderated and why, how often, how often people took it back, and how to appeal.

It is made of counts and of the policy itself. No comment, account, case or reviewer appears in it. The order of
reading::

    facts   what the page says
    page    the page, in English and Spanish, and the complete list of what each policy looks for
"""
