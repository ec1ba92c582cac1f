"""Bytes of a piece of an upload (tus 1.0) are bytes: schemathesis does not know that media type."""

import schemathesis

schemathesis.serializer.alias("application/offset+octet-stream", "application/octet-stream")
