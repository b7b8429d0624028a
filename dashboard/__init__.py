"""The programs that build the page, with Node from PyPI. The page itself is TypeScript in `src`."""
