"""Every check of the contract is a test of its own: `pytest` in the package's folder."""

from treeline_trigrams import Trigrams

from bench.check.pytest_plugin import contract_tests

test_contract = contract_tests(Trigrams)
