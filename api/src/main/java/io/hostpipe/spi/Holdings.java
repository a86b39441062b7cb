package io.hostpipe.spi;

import io.hostpipe.PipeException;
import io.hostpipe.Resume;
import io.hostpipe.StreamId;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What a receiver holds of streams that began before its process did: asked before a peer is told
 * where its stream goes on. Thread rule: any thread; may read a device, and not wait for a peer.
 */
public interface Holdings {
  /** Nothing of any stream. */
  Holdings NONE =
      new Holdings() {
        @Override
        public @Nullable Resume held(StreamId stream) {
          return null;
        }

        @Override
        public List<StreamId> heldStreams() {
          return List.of();
        }
      };

  /**
   * How far it has this stream, and would have it after a loss of power; null when it never met it.
   *
   * @throws PipeException DataLoss when what it had is damaged
   */
  @Nullable Resume held(StreamId stream) throws PipeException;

  /** The streams of which it has something. */
  List<StreamId> heldStreams() throws PipeException;

  /** The principal that made this stream, as it was kept; null when that is not known. */
  default @Nullable String owner(StreamId stream) throws PipeException {
    return null;
  }

  /**
   * Keeps who made this stream, before anything of it is: it survives a loss of power when this
   * returns. Where nothing is kept of whose streams are, this does nothing.
   */
  default void own(StreamId stream, String principal) throws PipeException {}
}
