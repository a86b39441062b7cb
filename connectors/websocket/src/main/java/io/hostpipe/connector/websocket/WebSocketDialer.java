package io.hostpipe.connector.websocket;

import io.hostpipe.PipeException;
import io.hostpipe.runtime.Dialer;
import io.hostpipe.runtime.Link;
import io.hostpipe.runtime.LinkDeadline;
import io.hostpipe.runtime.socket.SocketLink;
import io.hostpipe.runtime.socket.TcpDialer;
import io.hostpipe.runtime.tls.TlsClient;
import java.io.IOException;
import java.net.SocketTimeoutException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Dials a host or the proxy before it, agrees on TLS where that is asked for, and on WebSocket.
 *
 * @param host whom the pipe is with
 * @param path where it is there
 * @param name of the pipe; the path, unless something on the way changes that
 * @param fields more of the request's head, line by line. Secret
 * @param tls null for a plain connection
 * @param proxy null for none
 * @param key what all else depends on that the address says: equal for links of the same kind
 * @param handshake how long all of this may take
 * @param where the address for messages
 */
record WebSocketDialer(
    String host,
    int port,
    String path,
    String name,
    List<String> fields,
    @Nullable TlsClient tls,
    @Nullable HttpProxy proxy,
    Object key,
    Duration handshake,
    String where)
    implements Dialer {

  @Override
  public WebSocketLink dial() throws IOException {
    Request request = new Request(where);
    SocketLink socket = sockets().dial();
    LinkDeadline deadline = new LinkDeadline(socket, handshake);
    try (deadline) {
      if (proxy != null) {
        String userInfo = proxy.userInfo();
        request.connect(
            socket,
            proxy.toString(),
            hostPort(),
            userInfo == null ? null : Request.basic(userInfo));
      }
      Link carrier = tls == null ? socket : tls.link(socket, WebSocketConnector.SCHEMES);
      ByteBuffer rest = request.upgrade(carrier, hostHeader(), path, fields);
      return new WebSocketLink(carrier, name, rest);
    } catch (PipeException e) {
      socket.close();
      throw e;
    } catch (IOException e) {
      socket.close();
      if (deadline.wasMissed()) {
        throw new SocketTimeoutException(
            peer() + " took longer than " + handshake.toMillis() + " ms to agree on WebSocket");
      }
      throw e;
    } catch (RuntimeException e) {
      socket.close();
      throw e;
    }
  }

  @Override
  public String peer() {
    return proxy == null ? hostPort() : hostPort() + " (through the proxy " + proxy + ")";
  }

  @Override
  public Object peerKey() {
    return List.of(tls == null ? "ws" : "wss", peer(), path, fields, key);
  }

  private TcpDialer sockets() {
    return proxy == null ? new TcpDialer(host, port) : new TcpDialer(proxy.host(), proxy.port());
  }

  private String hostPort() {
    return (host.indexOf(':') >= 0 ? "[" + host + "]" : host) + ":" + port;
  }

  /** Without the port that goes without saying: some servers know their names only so. */
  private String hostHeader() {
    boolean usual = port == (tls == null ? WebSocketConnector.PORT : WebSocketConnector.PORT_TLS);
    String hostPort = hostPort();
    return usual ? hostPort.substring(0, hostPort.lastIndexOf(':')) : hostPort;
  }

  @Override
  public String toString() {
    return where;
  }
}
