package io.hostpipe.connector.grpc;

import io.hostpipe.runtime.Link;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;

/**
 * A connection that never became a link, as one that breaks at its first read: so it is told of
 * where all strangers are, and as often. Thread rule: as {@link Link}.
 */
record TurnedAway(String peer, IOException why) implements Link {
  @Override
  public long read(ByteBuffer[] targets) throws IOException {
    throw why;
  }

  @Override
  public void write(ByteBuffer[] buffers, int count) throws IOException {
    throw new ClosedChannelException();
  }

  @Override
  public void shutdownOutput() {}

  @Override
  public void close() {}
}
