package io.hostpipe.storage.spool;

import java.nio.file.Path;

/**
 * One file of a stream.
 *
 * @param lengthBytes of the file, header included
 */
record Segment(Path path, SegmentHeader header, long lengthBytes) {
  /** Behind the sequence number in a segment's name. */
  static final String SUFFIX = ".seg";

  long base() {
    return header.base().position();
  }
}
