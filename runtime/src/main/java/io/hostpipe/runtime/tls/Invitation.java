package io.hostpipe.runtime.tls;

import io.hostpipe.Address;
import io.hostpipe.PipeException;
import io.hostpipe.runtime.AccessOptions;
import io.hostpipe.runtime.SessionOptions;
import io.hostpipe.runtime.socket.HostPort;
import io.hostpipe.spi.PipeContext;
import java.net.InetSocketAddress;
import org.jspecify.annotations.Nullable;

/**
 * How a listener over TLS lets the other host in, and tells its user so: the line to run there,
 * with the key of this host and, where nothing else says who may come, the token of this host.
 *
 * @param bind where it listens
 * @param token what is asked for although the address says nothing of it; null for nothing
 */
public record Invitation(InetSocketAddress bind, @Nullable HostToken token) {
  /** The variable of the environment that the line puts the token into. */
  public static final String VARIABLE = "HOSTPIPE_TOKEN";

  /**
   * Reads who may come. TLS says who listens; off this host something has to say who may dial, too:
   * where the address does not, the token of this host does.
   *
   * @param makes whether the token is made where there is none: not by who only looks
   */
  public static Invitation of(
      Address address, InetSocketAddress bind, TlsOptions security, boolean makes)
      throws PipeException {
    boolean isSaid = AccessOptions.saysWhoMayCome(address) || security.asksForCertificate();
    return new Invitation(
        bind,
        isSaid || !makes || bind.getAddress().isLoopbackAddress()
            ? null
            : HostToken.ofHost(HostToken.file()));
  }

  /** The options of who listens, with the token that is asked for. */
  public SessionOptions guarded(SessionOptions options) {
    return token == null ? options : options.withAccess(options.access().askingFor(token.tokens()));
  }

  /**
   * Tells the line for the other host, which does what this end waits for.
   *
   * @param scheme that dials it
   * @param listening the address with the port that was taken
   */
  public void tell(String scheme, Address listening, Identity identity, PipeContext context) {
    String place =
        scheme
            + "://"
            + HostPort.reachable(bind)
            + ":"
            + listening.port()
            + "/"
            + listening.path()
            + " peer="
            + identity.fingerprint();
    if (token != null) {
      place += " token=env:" + VARIABLE;
    } else if (listening.option("tokens") != null) {
      place += " token=@FILE";
    }
    String command =
        context.sends() && context.receives()
            ? "hostpipe --duplex - "
            : context.receives() ? "hostpipe send " : "hostpipe recv ";
    context.events().invites(command + place, token == null ? null : token.secret());
  }
}
