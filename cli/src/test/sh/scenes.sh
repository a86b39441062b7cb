# What the scenes of the documents need beforehand, and must have done in the end. See documents.sh.
