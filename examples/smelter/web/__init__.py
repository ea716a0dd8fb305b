"""The pipeline on the web: an HTTP API as clients of such compositors know it, and a page to look at.

A request comes in through few rooms:

    gate     may it come in at all?            before anybody looks at what it asks for
    app      which route is it?                and each complaint as an answer that names the field
    bodies   what does it ask for?             JSON into the words of `requests`, by `fields`
    control  the pipeline's own door           checks the rest and does it

`server` is the supervised process that awaits uvicorn; `streams` are events and pictures, as they
come; `tree_view` and `watch` are what the page shows of the supervision tree. `serve` is the command, and
`terminal` what it says while it runs.
Starlette and uvicorn come in here and nowhere else.
"""
