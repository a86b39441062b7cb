package io.hostpipe.connector.tcp.ssh;

import io.hostpipe.PipeException;
import io.hostpipe.runtime.Link;
import io.hostpipe.runtime.socket.SocketLink;
import io.hostpipe.runtime.socket.UnixDialer;
import io.hostpipe.spi.StdioPassage;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;

/** What a hostpipe does that ssh has started: it passes its link on to the one that waits. */
public final class SshPassage implements StdioPassage {
  private static final int CHUNK_BYTES = 256 << 10;

  @Override
  public boolean pass(String name) throws PipeException, InterruptedException {
    try (SocketLink there = dial(name);
        StdioLink here = StdioLink.open()) {
      here.write(new ByteBuffer[] {Ready.bytes()}, 1);
      Thread back =
          Thread.ofPlatform().daemon().name("hostpipe-ssh").start(() -> copyOrEnd(there, here));
      if (!copy(here, there)) {
        // Who waits takes nothing more, but may have said why: that still has to arrive.
        here.stopReading();
      }
      back.join();
      return true;
    } catch (PipeException e) {
      throw e;
    } catch (IOException e) {
      return false;
    }
  }

  @Override
  public boolean awaits(String name) throws PipeException {
    try (SocketLink _ = dial(name)) {
      return true;
    } catch (PipeException e) {
      throw e;
    } catch (IOException e) {
      return false;
    }
  }

  @Override
  public String listens() {
    return SshConnector.LISTENS;
  }

  @Override
  public void greet() throws IOException {
    try (StdioLink here = StdioLink.open()) {
      here.write(new ByteBuffer[] {Ready.bytes()}, 1);
    }
  }

  private static SocketLink dial(String name) throws IOException {
    Path socket = SshFolder.socket(name, SshConnector.LISTENS + ":///" + name);
    return new UnixDialer(socket).dial();
  }

  /** To ssh; when that is gone, nothing more comes of it either. */
  private static void copyOrEnd(Link from, Link to) {
    if (!copy(from, to)) {
      to.close();
    }
  }

  /** One way; whether it came to its end. */
  private static boolean copy(Link from, Link to) {
    ByteBuffer chunk = ByteBuffer.allocateDirect(CHUNK_BYTES);
    ByteBuffer[] chunks = {chunk};
    try {
      while (from.read(chunks) >= 0) {
        chunk.flip();
        to.write(chunks, 1);
        chunk.clear();
      }
      to.shutdownOutput();
      return true;
    } catch (IOException e) {
      return false;
    }
  }
}
