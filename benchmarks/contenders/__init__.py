"""The programs of the benchmark `job`: each sums up a file of readings by unicorn and minute, as people would write it.

Each is a process: PROGRAM INPUT OUTPUT. INPUT: a folder with a file of readings, a JSON object in a line. OUTPUT: a
new folder, in which it makes two files, or two folders of files, with the same rows: the two sinks.
"""
