package io.hostpipe.examples.users;

import io.hostpipe.Rejection;
import io.hostpipe.Status;
import io.hostpipe.examples.users.proto.UserRequest;
import io.hostpipe.examples.users.proto.UserResponse;
import java.util.Map;

/** Knows users; the same behind a call and behind a pipe. */
@FunctionalInterface
interface Directory {
  /** Finds one user. */
  UserResponse find(UserRequest request) throws NoAnswer;

  /** Why there is no answer: one table of codes for both ways to ask. */
  final class NoAnswer extends Exception {
    private static final long serialVersionUID = 1L;

    private final Rejection why;

    NoAnswer(Status status, String reason) {
      super(reason);
      this.why = new Rejection(status, reason);
    }

    Rejection why() {
      return why;
    }
  }

  /** A directory of three. */
  static Directory sample() {
    Map<Integer, UserResponse> users = Map.of(1, user("Ann"), 2, user("Ben"), 3, user("Cleo"));
    return request -> {
      if (request.getId() <= 0) {
        throw new NoAnswer(
            Status.INVALID_ARGUMENT, "id " + request.getId() + " is none: ids begin at 1");
      }
      UserResponse user = users.get(request.getId());
      if (user == null) {
        throw new NoAnswer(Status.NOT_FOUND, "there is no user " + request.getId());
      }
      return user;
    };
  }

  private static UserResponse user(String name) {
    String email = name.toLowerCase(java.util.Locale.ROOT) + "@example.org";
    return UserResponse.newBuilder().setName(name).setEmail(email).build();
  }
}
