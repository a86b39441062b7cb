package io.hostpipe.examples.users;

import io.hostpipe.Headers;
import io.hostpipe.Hostpipe;
import io.hostpipe.Listener;
import io.hostpipe.Pipe;
import io.hostpipe.PipeException;
import io.hostpipe.TypedMessage;
import io.hostpipe.TypedPipe;
import io.hostpipe.examples.users.proto.UserRequest;
import io.hostpipe.examples.users.proto.UserResponse;

/** Section 3.2: the article's service as a pipe, questions one way and answers the other. */
public final class PipedServer {
  private PipedServer() {}

  /** Serves at this address until the process ends. */
  public static void main(String[] words) throws Exception {
    try (Listener listener = Hostpipe.listen(words[0])) {
      IO.println("listening on " + listener.address().port());
      while (true) {
        Pipe pipe = listener.accept();
        Thread.ofVirtual().start(() -> serve(pipe));
      }
    }
  }

  private static void serve(Pipe accepted) {
    try (Pipe pipe = accepted) {
      answer(pipe, Directory.sample());
    } catch (Exception e) {
      IO.println(e.getMessage());
    }
  }

  /**
   * Answers until the questions end. An answer names its question by the position behind it, which
   * is the same number at both ends. A question without an answer is refused, with the status that
   * a call would have had; one that is no UserRequest is refused before this sees it.
   */
  static void answer(Pipe pipe, Directory directory) throws PipeException, InterruptedException {
    TypedPipe<UserRequest, UserResponse> users =
        pipe.typed(UserRequest::parseFrom, UserResponse::toByteArray);
    for (TypedMessage<UserRequest> question : users.messages()) {
      String position = Long.toString(question.endPosition());
      try {
        UserResponse user = directory.find(question.value());
        users.send(user, Headers.of(Headers.CORRELATION_ID, position));
      } catch (Directory.NoAnswer e) {
        question.reject(e.why());
      }
      question.commit();
    }
    users.finish();
  }
}
