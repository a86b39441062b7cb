package io.hostpipe.spi;

import io.hostpipe.Address;
import io.hostpipe.Capabilities;
import io.hostpipe.Listener;
import io.hostpipe.Pipe;
import io.hostpipe.PipeException;
import io.hostpipe.Source;
import io.hostpipe.Status;
import io.hostpipe.Target;
import java.util.List;
import java.util.Set;

/**
 * What stands behind one or more schemes of addresses; found by {@link java.util.ServiceLoader}.
 *
 * <p>A <em>link</em> (tcp) answers {@link #connect} or {@link #listen}: pipes whose peer is another
 * Hostpipe. A <em>store</em> (file) answers {@link #source} and {@link #target}. A connector
 * implements what it can; the rest says UNIMPLEMENTED. Thread rule: any thread.
 */
public interface Connector {
  /** What a scheme does. */
  enum Kind {
    /** Dials a peer: {@link #connect}. */
    CONNECTS,
    /** Waits for peers: {@link #listen}. */
    LISTENS,
    /** Reads or keeps by itself: {@link #source} and {@link #target}. */
    STORES
  }

  /** Whether a scheme carries sessions, and how they are protected on the way. */
  enum Carriage {
    /** It does not, or its sessions cannot go on over another carrier. */
    NONE,
    /** In the clear, or protected by rights of this host alone. */
    PLAIN,
    /** Encrypted, and the peer is known. */
    ENCRYPTED
  }

  /** The schemes it answers for. */
  Set<String> schemes();

  /** What that scheme does. */
  Kind kind(String scheme);

  /** What that address does; some stores give many streams by some of their addresses. */
  default Kind kind(Address address) {
    return kind(address.scheme());
  }

  /** What may stand in for it: a session goes on over carriers of one kind only. */
  default Carriage carriage(String scheme) {
    return Carriage.NONE;
  }

  /** Whether there are addresses of the scheme that wait for pipes. */
  default boolean mayListen(String scheme) {
    return kind(scheme) == Kind.LISTENS;
  }

  /**
   * Whether a stream that this address gives may leave and come back while the process runs, as a
   * partition that changes hands: then whoever it goes into has to keep its place.
   */
  default boolean streamsComeBack(Address address) {
    return false;
  }

  /** One line about the scheme, and how its addresses are written. */
  String help(String scheme);

  /** What an end at this address promises. */
  Capabilities capabilities(Address address);

  /** The options of that scheme's addresses. */
  List<OptionSpec> options(String scheme);

  /**
   * Looks at the address without moving anything: would it work, and if not, why.
   *
   * @param asSource whether it would be read from
   * @return one line for people on what was found
   */
  String check(Address address, boolean asSource) throws PipeException, InterruptedException;

  /** Opens a pipe to a peer; returns before the peer has answered. */
  default Pipe connect(Address address, PipeContext context) throws PipeException {
    throw cannot(address, "connect to a peer");
  }

  /**
   * Opens a pipe whose address was written as what is read from. Between two peers there is no
   * difference; a store with a path for each direction reads from this one.
   */
  default Pipe connectAsSource(Address address, PipeContext context) throws PipeException {
    return connect(address, context);
  }

  /** Waits for peers. */
  default Listener listen(Address address, PipeContext context) throws PipeException {
    throw cannot(address, "listen");
  }

  /** Opens a source. */
  default Source source(Address address, PipeContext context)
      throws PipeException, InterruptedException {
    throw cannot(address, "be read from");
  }

  /** Opens a target. */
  default Target target(Address address, PipeContext context)
      throws PipeException, InterruptedException {
    throw cannot(address, "be written to");
  }

  /** Opens the messages that lie at the address, to be looked at and taken out one by one. */
  default Letterbox letterbox(Address address, PipeContext context)
      throws PipeException, InterruptedException {
    throw cannot(address, "be looked through message by message");
  }

  /**
   * What comes out of this end when that source's stream goes into it: a filter. Takes over the
   * source.
   */
  default Source through(Address address, Source source, PipeContext context) throws PipeException {
    throw cannot(address, "stand between a source and a destination");
  }

  private static PipeException cannot(Address address, String what) {
    return new PipeException.Config(Status.UNIMPLEMENTED, address + " cannot " + what);
  }
}
