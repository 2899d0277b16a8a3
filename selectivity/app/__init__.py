"""The explorer: one page beside the library, in which the chain from filter to voltage follows a slider.

`selectivity explore` serves it on loopback. What a page shows is computed here, by the library, never in the browser; the browser draws.

Why Starlette and a plain page, and not Panel? The page needs two drawing libraries, which ship with the package already
(`selectivity.assets`), and no network. Starlette with uvicorn is two small, well-kept packages that bring what a local server needs
(host check, streaming uploads, a test client); Panel brings Bokeh, a websocket session for every tab and a front end of its own.
Here a tab is a state in its address and nothing else: a reload, a second tab and a shared link are the same thing, and the server
remembers only what would be slow to compute again.

    state       what the controls say: one frozen record, checked, written as an address and read from it
    records     what a filter's atoms cost before water is paid; computed in a worker, kept
    worker      a process that computes what takes seconds: cancelled, limited in time and memory
    answer      a state -> ratio, voltage, curves, all of the numbers on the page
    export      the same state as Python, as a command line, as CSV, JSON and a figure
    stories     predict, then check: misconceptions and the numbers that decide
    server      the doors: addresses, security, errors as one line
    run         a free port, a browser, Ctrl-C
"""
