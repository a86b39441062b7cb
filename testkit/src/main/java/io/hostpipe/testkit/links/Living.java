package io.hostpipe.testkit.links;

import static org.assertj.core.api.Assertions.assertThat;

import io.hostpipe.Digest;
import io.hostpipe.Listener;
import io.hostpipe.Pipe;
import io.hostpipe.PipeException;
import io.hostpipe.testkit.InParallel;

/** A pipe that was there before anybody did anything, and must not notice. */
public record Living(Pipe pipe, Pipe taken) {
  private static final long PIECE_BYTES = 2 << 20;

  /** One to this listener, of bytes, that somebody has written nothing to yet. */
  public static Living at(Listener listener, Ends ends) throws PipeException, InterruptedException {
    Pipe pipe =
        ends.dial(
            listener.address().port(),
            "name",
            Ends.UNHURRIED,
            ends.raw().withDirections(true, false));
    pipe.sink().resume();
    return new Living(pipe, ends.accept(listener));
  }

  /** Moves a piece of the stream, to its end, over the link that it has. */
  public void goesOn() throws Exception {
    InParallel<Digest> sent = Ends.sendAll(pipe, PIECE_BYTES);
    assertThat(Ends.receiveAll(taken.source())).isEqualTo(PIECE_BYTES);
    sent.join();
    assertThat(pipe.stats().resumes()).isZero();
  }
}
