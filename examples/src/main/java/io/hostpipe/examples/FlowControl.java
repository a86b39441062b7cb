package io.hostpipe.examples;

import io.hostpipe.Message;
import io.hostpipe.Pipe;
import io.hostpipe.PipeException;
import io.hostpipe.Rejection;
import io.hostpipe.Status;
import java.io.UncheckedIOException;
import java.util.function.LongConsumer;

/** Section 3.3: a slow reader holds its writer back, and every failure has a status. */
public final class FlowControl {
  private FlowControl() {}

  /**
   * Adds up numbers. No sleep limits the rate: what is not committed fills the sender's window, and
   * a sender with a full window waits. What is no number is refused with INVALID_ARGUMENT and the
   * stream goes on.
   */
  static void addUp(Pipe pipe, LongConsumer slowly) throws PipeException {
    for (Message message : pipe.messages()) {
      try {
        slowly.accept(Long.parseLong(message.text()));
      } catch (NumberFormatException e) {
        message.reject(new Rejection(Status.INVALID_ARGUMENT, "not a number"));
      }
      message.commit();
    }
  }

  /** What a caller does about a failure: by its type, never by its text. */
  enum Advice {
    CORRECT_THE_CALL,
    TRY_AGAIN_LATER,
    ASK_A_PERSON,
    LOOK_AT_THE_MESSAGE,
    START_OVER
  }

  static Advice advice(PipeException failure) {
    return switch (failure) {
      case PipeException.Config _ -> Advice.CORRECT_THE_CALL;
      case PipeException.Unreachable _ -> Advice.TRY_AGAIN_LATER;
      case PipeException.Refused e ->
          e.status().retryable() ? Advice.TRY_AGAIN_LATER : Advice.ASK_A_PERSON;
      case PipeException.Rejected _ -> Advice.LOOK_AT_THE_MESSAGE;
      case PipeException.DataLoss _ -> Advice.ASK_A_PERSON;
      case PipeException.WentBack _, PipeException.Closed _ -> Advice.START_OVER;
    };
  }

  /** The failure in what an iterator over messages threw. */
  static Advice advice(UncheckedIOException thrown) {
    return thrown.getCause() instanceof PipeException failure
        ? advice(failure)
        : Advice.ASK_A_PERSON;
  }
}
