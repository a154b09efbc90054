"""Is a data set fit to train and test on? `audit(source)`."""

from minenetcd.examining.audit.all_checks import Audit, Normalisation, audit

__all__ = ["Audit", "Normalisation", "audit"]
