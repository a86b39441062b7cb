package io.hostpipe.connector.websocket;

import io.hostpipe.PipeException;
import io.hostpipe.Status;
import io.hostpipe.runtime.Greetings;
import io.hostpipe.runtime.Link;
import java.io.IOException;
import java.net.URLDecoder;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.SecureRandom;
import java.util.Base64;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What a dialer says over HTTP before it has what it wants: to a server that it wants a WebSocket
 * (RFC 6455, section 4.1), to a proxy that it wants through (RFC 9110, section 9.3.6).
 *
 * <p>What answers may stand for a moment only, as a gateway whose server restarts (5xx), or nobody
 * who listens there yet (404): then it is tried again. Thread rule: any thread.
 */
final class Request {
  private static final SecureRandom RANDOM = new SecureRandom();
  private static final int KEY_BYTES = 16;

  private final String where;

  /** For messages about this address. */
  Request(String where) {
    this.where = where;
  }

  /**
   * Asks for a WebSocket. Blocks.
   *
   * @param hostPort whom the request is for
   * @param path of the pipe
   * @param fields more of the head, line by line
   * @return what came behind the answer
   * @throws PipeException.Refused when it will not be had
   * @throws IOException when it cannot be had now
   */
  ByteBuffer upgrade(Link carrier, String hostPort, String path, List<String> fields)
      throws IOException {
    byte[] random = new byte[KEY_BYTES];
    RANDOM.nextBytes(random);
    String key = Base64.getEncoder().encodeToString(random);
    StringBuilder text = new StringBuilder("GET /").append(encoded(path)).append(" HTTP/1.1\r\n");
    text.append("Host: ").append(hostPort).append("\r\n");
    text.append("Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n");
    text.append("Sec-WebSocket-Key: ").append(key).append("\r\n");
    text.append("Sec-WebSocket-Protocol: ").append(Upgrade.PROTOCOL).append("\r\n");
    fields.forEach(field -> text.append(field).append("\r\n"));
    HttpHead answer = ask(carrier, text, carrier.peer());
    int status = status(answer);
    if (status != 101) {
      throw refusal(carrier.peer(), status, answer);
    }
    if (!Upgrade.accepted(key).equals(answer.field("sec-websocket-accept"))
        || !answer.lists("upgrade", "websocket")) {
      throw refused(
          Status.FAILED_PRECONDITION, carrier.peer() + " opened something that is no WebSocket");
    }
    String protocol = answer.field("sec-websocket-protocol");
    if (!Upgrade.PROTOCOL.equals(protocol)) {
      throw refused(
          Status.FAILED_PRECONDITION,
          "the WebSocket at "
              + carrier.peer()
              + (protocol == null
                  ? " speaks no subprotocol"
                  : " speaks " + HttpHead.shown(protocol))
              + ", not "
              + Upgrade.PROTOCOL
              + "; is it a Hostpipe's?");
    }
    return answer.rest();
  }

  /**
   * Asks a proxy for a way to a host. Blocks.
   *
   * @param proxy which it is, for people
   * @param authorization what it lets this side in with; null for nothing
   */
  void connect(Link carrier, String proxy, String hostPort, @Nullable String authorization)
      throws IOException {
    StringBuilder text = new StringBuilder("CONNECT ").append(hostPort).append(" HTTP/1.1\r\n");
    text.append("Host: ").append(hostPort).append("\r\n");
    if (authorization != null) {
      text.append("Proxy-Authorization: ").append(authorization).append("\r\n");
    }
    HttpHead answer = ask(carrier, text, "the proxy " + proxy);
    int status = status(answer);
    if (status / 100 != 2) {
      // To a wrong password tinyproxy says 401, as if it were the host.
      throw refusal("the proxy " + proxy, status == 401 ? 407 : status, answer);
    }
    if (answer.rest().hasRemaining()) {
      throw refused(
          Status.FAILED_PRECONDITION, "the proxy " + proxy + " spoke where the host should");
    }
  }

  /** {@code Basic} of RFC 7617, out of what stands before the at-sign of an address. */
  static String basic(String userInfo) {
    String decoded = URLDecoder.decode(userInfo.replace("+", "%2B"), StandardCharsets.UTF_8);
    return "Basic " + Base64.getEncoder().encodeToString(decoded.getBytes(StandardCharsets.UTF_8));
  }

  /** A path as it stands in a request. */
  static String encoded(String path) {
    StringBuilder text = new StringBuilder();
    for (byte each : path.getBytes(StandardCharsets.UTF_8)) {
      char c = (char) (each & 0xFF);
      boolean plain =
          (c >= 'a' && c <= 'z')
              || (c >= 'A' && c <= 'Z')
              || (c >= '0' && c <= '9')
              || "-._~/".indexOf(c) >= 0;
      text.append(plain ? String.valueOf(c) : String.format("%%%02X", (int) c));
    }
    return text.toString();
  }

  private HttpHead ask(Link carrier, StringBuilder text, String whom) throws IOException {
    byte[] bytes = text.append("\r\n").toString().getBytes(StandardCharsets.UTF_8);
    carrier.write(new ByteBuffer[] {ByteBuffer.wrap(bytes)}, 1);
    try {
      return HttpHead.read(carrier, first -> checkFirst(whom, first));
    } catch (HttpException e) {
      throw refused(Status.FAILED_PRECONDITION, whom + " answered with " + e.getMessage());
    }
  }

  private void checkFirst(String whom, ByteBuffer first) throws PipeException {
    if (Greetings.isSession(first)) {
      throw refused(
          Status.FAILED_PRECONDITION,
          whom + " is a Hostpipe without WebSocket: dial it with tcp://");
    }
    String begin = Upgrade.firstBytes(first);
    if (!begin.startsWith("HTTP/")) {
      throw refused(
          Status.FAILED_PRECONDITION, whom + " speaks no HTTP, it answered '" + begin + "'");
    }
  }

  private int status(HttpHead answer) throws PipeException {
    String[] words = answer.startLine().split(" ", 3);
    try {
      return Integer.parseInt(words[1]);
    } catch (NumberFormatException | ArrayIndexOutOfBoundsException e) {
      throw refused(
          Status.FAILED_PRECONDITION,
          "'" + HttpHead.shown(answer.startLine()) + "' is no answer of HTTP");
    }
  }

  /** Whether it may become better by itself: {@link IOException} when so, and Refused when not. */
  private IOException refusal(String whom, int status, HttpHead answer) {
    String what = whom + " answered '" + HttpHead.shown(answer.startLine()) + "'";
    String location = answer.field("location");
    return switch (status) {
      case 404, 408, 425, 429 -> new IOException(what);
      case 401 ->
          refused(
              Status.UNAUTHENTICATED,
              what + "; say who you are, as in ws://user:password@host/name");
      case 403 -> refused(Status.PERMISSION_DENIED, what);
      case 407 ->
          refused(
              Status.UNAUTHENTICATED,
              what + "; say who you are: proxy=http://user:password@host:port");
      default -> {
        if (status >= 500) {
          yield new IOException(what);
        }
        yield refused(
            Status.FAILED_PRECONDITION,
            what
                + (location == null
                    ? "; is there a Hostpipe behind it?"
                    : "; it leads to " + HttpHead.shown(location) + ", dial that"));
      }
    };
  }

  private PipeException.Refused refused(Status status, String what) {
    return new PipeException.Refused(status, where + ": " + what);
  }
}
