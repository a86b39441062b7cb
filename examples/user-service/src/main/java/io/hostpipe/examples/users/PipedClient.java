package io.hostpipe.examples.users;

import io.hostpipe.Committed;
import io.hostpipe.Headers;
import io.hostpipe.Hostpipe;
import io.hostpipe.Pipe;
import io.hostpipe.PipeException;
import io.hostpipe.TypedMessage;
import io.hostpipe.TypedPipe;
import io.hostpipe.examples.users.proto.UserRequest;
import io.hostpipe.examples.users.proto.UserResponse;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.FutureTask;

/** Section 3.2: asks without waiting for the answers: a thousand questions take one round trip. */
public final class PipedClient {
  private PipedClient() {}

  /** Asks the address that is named first for the users behind it. */
  public static void main(String[] words) throws Exception {
    List<Integer> ids = Arrays.stream(words).skip(1).map(Integer::valueOf).toList();
    try (Pipe pipe = Hostpipe.connect(words[0])) {
      ask(pipe, ids).forEach(IO::println);
    }
  }

  /** The users in one line each, or the status of the refusal, in the order of the questions. */
  static List<String> ask(Pipe pipe, List<Integer> ids) throws Exception {
    TypedPipe<UserResponse, UserRequest> users =
        pipe.typed(UserResponse::parseFrom, UserRequest::toByteArray);
    Map<Long, String> lines = new TreeMap<>(); // by the positions of the questions
    FutureTask<Map<Long, Integer>> asked = new FutureTask<>(() -> send(users, ids));
    Thread.ofVirtual().start(asked);
    for (TypedMessage<UserResponse> answer : users.messages()) {
      String position = String.valueOf(answer.headers().text(Headers.CORRELATION_ID));
      lines.put(
          Long.valueOf(position),
          answer.value().getName() + " <" + answer.value().getEmail() + ">");
      answer.commit();
    }
    Map<Long, Integer> questions = asked.get();
    for (Committed.Rejected each : pipe.sink().committed().rejected()) {
      lines.put(each.endPosition(), each.why().status() + " " + each.why().reason());
    }
    return questions.entrySet().stream()
        .map(question -> question.getValue() + ": " + lines.get(question.getKey()))
        .toList();
  }

  private static Map<Long, Integer> send(
      TypedPipe<UserResponse, UserRequest> users, List<Integer> ids)
      throws PipeException, InterruptedException {
    Map<Long, Integer> questions = new TreeMap<>();
    for (int id : ids) {
      Pipe.Sent sent = users.send(UserRequest.newBuilder().setId(id).build());
      questions.put(sent.endPosition(), id);
    }
    users.finish();
    return questions;
  }
}
