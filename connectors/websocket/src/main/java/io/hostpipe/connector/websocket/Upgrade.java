package io.hostpipe.connector.websocket;

import io.hostpipe.PipeException;
import io.hostpipe.Status;
import io.hostpipe.runtime.Greetings;
import io.hostpipe.runtime.Link;
import java.io.IOException;
import java.net.URLDecoder;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Base64;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * How a connection that was accepted becomes a WebSocket (RFC 6455, section 4.2).
 *
 * <p>Who asks for something else gets an answer that a person can read: a browser's page, a health
 * check, and a Hostpipe that dialed the wrong port. Thread rule: any thread.
 */
final class Upgrade {
  /** The subprotocol: sessions as docs/PROTOCOL.md has them, in binary messages. */
  static final String PROTOCOL = "hostpipe.v1";

  /** Any page may open pipes. */
  static final String ANY_ORIGIN = "*";

  private static final String GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
  private static final String VERSION = "13";
  private static final int KEY_BYTES = 16;
  private static final int TLS_HANDSHAKE = 22;
  private static final int TLS_MAJOR_VERSION = 3;
  private static final int SHOWN_BYTES_MAX = 16;
  private static final long DRAINED_BYTES_MAX = 64 << 10;

  private final String scheme;
  private final List<String> origins;

  /**
   * For the links of one listener.
   *
   * @param scheme under which it is dialed
   * @param origins the pages that may open pipes
   */
  Upgrade(String scheme, List<String> origins) {
    this.scheme = scheme;
    this.origins = origins;
  }

  /**
   * What was agreed.
   *
   * @param name of the pipe that the path leads to
   * @param rest what came behind the handshake
   */
  record Accepted(String name, ByteBuffer rest) {}

  /**
   * Goes through the handshake. Blocks, under the deadline of the greeting.
   *
   * @throws PipeException.Refused when the peer wants something else; it was told
   * @throws IOException when the connection broke
   */
  Accepted accept(Link carrier) throws IOException {
    try {
      HttpHead head = HttpHead.read(carrier, first -> checkFirst(carrier, first));
      String name = checked(head);
      String key = String.valueOf(head.field("sec-websocket-key"));
      write(
          carrier,
          "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
              + "Sec-WebSocket-Accept: "
              + accepted(key)
              + "\r\nSec-WebSocket-Protocol: "
              + PROTOCOL
              + "\r\n\r\n");
      return new Accepted(name, head.rest());
    } catch (HttpException e) {
      refuse(carrier, e);
      throw new PipeException.Refused(
          Status.INVALID_ARGUMENT, "turned away with HTTP " + e.status() + ": " + e.getMessage());
    }
  }

  /** What the server says to show that it has read the client's key. */
  static String accepted(String key) {
    try {
      byte[] digest =
          MessageDigest.getInstance("SHA-1")
              .digest((key + GUID).getBytes(StandardCharsets.ISO_8859_1));
      return Base64.getEncoder().encodeToString(digest);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every JDK has SHA-1", e);
    }
  }

  /** The name of the pipe. */
  private String checked(HttpHead head) throws HttpException {
    String[] request = head.startLine().split(" ", -1);
    if (request.length != 3 || !request[2].startsWith("HTTP/")) {
      throw new HttpException(400, "'" + HttpHead.shown(head.startLine()) + "' is no request");
    }
    if (!request[2].equals("HTTP/1.1")) {
      throw new HttpException(
          505, "WebSocket begins with HTTP/1.1, this is " + HttpHead.shown(request[2]));
    }
    if (!head.lists("upgrade", "websocket") || !head.lists("connection", "upgrade")) {
      throw new HttpException(
          426, "'" + HttpHead.shown(request[0] + " " + request[1]) + "' asks for no WebSocket");
    }
    if (!request[0].equals("GET")) {
      throw new HttpException(405, "WebSocket begins with GET, not " + HttpHead.shown(request[0]));
    }
    if (!VERSION.equals(head.field("sec-websocket-version"))) {
      throw new HttpException(426, "another version of WebSocket than " + VERSION);
    }
    if (!isKey(head.field("sec-websocket-key"))) {
      throw new HttpException(400, "Sec-WebSocket-Key is not 16 bytes in Base64");
    }
    checkOrigin(head.field("origin"));
    if (!head.lists("sec-websocket-protocol", PROTOCOL)) {
      throw new HttpException(400, "the subprotocol " + PROTOCOL + " is not asked for");
    }
    return name(request[1]);
  }

  /** A browser says which page it acts for, and a page must not reach what its reader can reach. */
  private void checkOrigin(@Nullable String origin) throws HttpException {
    if (origin != null && !origins.contains(ANY_ORIGIN) && !origins.contains(origin)) {
      throw new HttpException(
          403,
          "pages of '"
              + HttpHead.shown(origin)
              + "' may not open pipes here; origin= of the listener allows it");
    }
  }

  private static boolean isKey(@Nullable String key) {
    try {
      return key != null && Base64.getDecoder().decode(key).length == KEY_BYTES;
    } catch (IllegalArgumentException e) {
      return false;
    }
  }

  private static String name(String target) throws HttpException {
    int question = target.indexOf('?');
    String path = question < 0 ? target : target.substring(0, question);
    if (!path.startsWith("/")) {
      throw new HttpException(400, "'" + HttpHead.shown(target) + "' is no path");
    }
    try {
      return URLDecoder.decode(path.substring(1).replace("+", "%2B"), StandardCharsets.UTF_8);
    } catch (IllegalArgumentException e) {
      throw new HttpException(400, "a '%' stands before two hexadecimal digits");
    }
  }

  private void checkFirst(Link carrier, ByteBuffer first) throws IOException {
    if (Greetings.isSession(first)) {
      ByteBuffer answer =
          Greetings.refusal(
              Status.FAILED_PRECONDITION,
              "this port speaks WebSocket; dial it with " + scheme + "://");
      tell(carrier, answer);
      throw new PipeException.Refused(
          Status.FAILED_PRECONDITION,
          "dialed without WebSocket; this port is for " + scheme + "://");
    }
    if (first.get(0) == TLS_HANDSHAKE && first.get(1) == TLS_MAJOR_VERSION) {
      throw new PipeException.Refused(
          Status.FAILED_PRECONDITION, "it speaks TLS, and this port does not: wss-listen does");
    }
    for (int index = 0; index < 3; index++) {
      if (first.get(index) < 'A' || first.get(index) > 'Z') {
        throw new PipeException.Refused(
            Status.INVALID_ARGUMENT,
            "speaks no HTTP, it began with '"
                + firstBytes(first)
                + "'; plain programs connect to "
                + carrier.plainScheme()
                + "-listen");
      }
    }
  }

  /** What a stranger said first, as it may be shown. */
  static String firstBytes(ByteBuffer first) {
    byte[] bytes = new byte[Math.min(SHOWN_BYTES_MAX, first.remaining())];
    first.duplicate().get(bytes);
    return HttpHead.shown(new String(bytes, StandardCharsets.ISO_8859_1));
  }

  private void refuse(Link carrier, HttpException why) {
    String body =
        "This is a port of Hostpipe: it carries pipes between hosts over WebSocket.\n"
            + "Not this request: "
            + why.getMessage()
            + ".\nFrom another host: hostpipe send "
            + scheme
            + "://HOST:PORT/NAME\n";
    String answer =
        "HTTP/1.1 "
            + why.status()
            + " "
            + reason(why.status())
            + "\r\nContent-Type: text/plain; charset=utf-8\r\nX-Content-Type-Options: nosniff\r\n"
            + "Connection: close\r\nContent-Length: "
            + body.getBytes(StandardCharsets.UTF_8).length
            + "\r\n"
            + (why.status() == 426
                ? "Upgrade: websocket\r\nSec-WebSocket-Version: " + VERSION + "\r\n"
                : "")
            + "\r\n"
            + body;
    tell(carrier, ByteBuffer.wrap(answer.getBytes(StandardCharsets.UTF_8)));
  }

  /**
   * Answers, and waits until the peer leaves, under the deadline of the greeting: to close at once
   * would reset the connection where it has sent more, and it might never read why.
   */
  private static void tell(Link carrier, ByteBuffer answer) {
    try {
      carrier.write(new ByteBuffer[] {answer}, 1);
      carrier.shutdownOutput();
      ByteBuffer scratch = ByteBuffer.allocate(1 << 10);
      long drainedBytes = 0;
      while (drainedBytes < DRAINED_BYTES_MAX) {
        long readBytes = carrier.read(new ByteBuffer[] {scratch.clear()});
        if (readBytes < 0) {
          return;
        }
        drainedBytes += readBytes;
      }
    } catch (IOException e) {
      // It is gone, and cannot hear it.
    }
  }

  private static void write(Link carrier, String text) throws IOException {
    carrier.write(
        new ByteBuffer[] {ByteBuffer.wrap(text.getBytes(StandardCharsets.ISO_8859_1))}, 1);
  }

  private static String reason(int status) {
    return switch (status) {
      case 403 -> "Forbidden";
      case 405 -> "Method Not Allowed";
      case 426 -> "Upgrade Required";
      case 431 -> "Request Header Fields Too Large";
      case 505 -> "HTTP Version Not Supported";
      default -> "Bad Request";
    };
  }
}
