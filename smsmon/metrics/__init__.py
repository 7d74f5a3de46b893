"""What machines read of a running watch, as Prometheus has it: in a file, or over HTTP.

Labels are few and bounded: profile, tag, country, and words of ours. No phone number is one, nor
the id of a message. What is not known is absent, and no zero; what is old shows by its moment.
"""
