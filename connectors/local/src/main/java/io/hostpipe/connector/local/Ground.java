package io.hostpipe.connector.local;

import java.io.IOException;

/** What the file of a {@link KeptTarget} lies on. */
interface Ground extends AutoCloseable {
  /** Its name, for messages. */
  String where();

  /** How long the file is, whoever wrote it. */
  long lengthBytes() throws IOException;

  /** Whether the name still means this file. */
  boolean isStillThere();

  /** Removes the file if it was made here and nothing came; tells whether it did. */
  boolean removeIfUnused();

  @Override
  void close();
}
