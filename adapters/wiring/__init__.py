"""The composition root: the only place that knows which adapter is plugged into what.

    serving     API            one door for change, read models        HTTP in
    working     Temporal worker                                        timers fire -> commands
    following   projections and triggers                               events -> rows, events -> clocks

Each of these processes is stateless and may run many times; what they share is PostgreSQL and Temporal, plugged in by
`core`. `errands` is what the command line does once.
"""
