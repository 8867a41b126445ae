"""S3: a copy is a conditional write like any other (S3 user guide, conditional writes; API reference, CopyObject)."""

from ministack.services import s3 as aws

_copy = aws._copy_object


def install() -> None:
    """Look at the conditions of a copy, which ministack leaves out."""
    aws._copy_object = copy


def copy(bucket, key, headers):
    """Refused where something has the name, if the request says so."""
    there = (aws._buckets.get(bucket) or {}).get("objects", {}).get(key)
    return aws._check_put_preconditions(headers, there) or _copy(bucket, key, headers)
