package io.hostpipe.testkit.links;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.hostpipe.Address;
import io.hostpipe.Listener;
import io.hostpipe.Pipe;
import io.hostpipe.PipeException;
import io.hostpipe.Status;
import io.hostpipe.runtime.tls.Fingerprint;
import io.hostpipe.runtime.tls.Identity;
import io.hostpipe.spi.Connector;
import io.hostpipe.spi.PipeContext;
import io.hostpipe.spi.PipeEvents;
import io.hostpipe.testkit.InParallel;
import io.hostpipe.testkit.tls.TestAuthority;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Who is taken over TLS, who is not, and what both sides are told, over some carrier. */
@Timeout(240)
public abstract class TlsTrust {
  private final Connector connector;
  private final String scheme;
  private final String plainScheme;
  private final Ends ends;
  private final List<AutoCloseable> opened = new ArrayList<>();
  private final List<String> told = new CopyOnWriteArrayList<>();
  @TempDir private Path folder;

  /**
   * Of this connector.
   *
   * @param scheme that dials with TLS; the one that listens has {@code -listen} behind it
   * @param plainScheme that dials without
   * @param plain ends without TLS
   */
  protected TlsTrust(Connector connector, String scheme, String plainScheme, Ends plain) {
    this.connector = connector;
    this.scheme = scheme;
    this.plainScheme = plainScheme;
    this.ends = plain;
  }

  @AfterEach
  void closeAll() throws Exception {
    for (AutoCloseable each : opened.reversed()) {
      each.close();
    }
    ends.close();
  }

  @Test
  void aPinnedKeyIsTakenWhateverItsCertificateSays() throws Exception {
    Path key = identity("one");
    Listener listener = listen("cert=" + key);
    move(listener, dial(listener, "peer=" + Identity.ofHost(key).fingerprint()));
  }

  @Test
  void anotherKeyIsRefusedWithBoth() throws Exception {
    Listener listener = listen("cert=" + identity("one"));
    Fingerprint other = Identity.ofHost(identity("two")).fingerprint();
    assertRefused(
        dial(listener, "peer=" + other),
        "is not trusted: its key is sha256:",
        "and peer= allows " + other);
    InParallel.await(() -> !told.isEmpty());
    assertThat(told).first().asString().contains("does not take this side's certificate");
  }

  @Test
  void anUnknownHostIsRefusedWithItsKeyAndTheWordsThatTakeIt() throws Exception {
    Path key = identity("one");
    Listener listener = listen("cert=" + key);
    Path known = folder.resolve("some/known_hosts");
    String fingerprint = Identity.ofHost(key).fingerprint().text();
    assertRefused(
        dial(listener, "known-hosts=" + known),
        "not known here; its key is " + fingerprint,
        "say peer=" + fingerprint,
        "or accept-new");
    assertThat(known).doesNotExist();
    move(listener, dial(listener, "accept-new&known-hosts=" + known));
    assertThat(known)
        .hasContent("127.0.0.1:" + listener.address().port() + " " + fingerprint)
        .satisfies(file ->
            assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file)))
                .isEqualTo("rw-------"));
    move(listener, dial(listener, "known-hosts=" + known));
  }

  @Test
  void aChangedKeyIsRefusedWithBothTheFileAndTheLine() throws Exception {
    Listener listener = listen("cert=" + identity("one"));
    Path known = folder.resolve("known_hosts");
    Fingerprint before = Identity.ofHost(identity("two")).fingerprint();
    Files.writeString(
        known, "# mine\n\n127.0.0.1:" + listener.address().port() + " " + before + "\n");
    assertRefused(
        dial(listener, "accept-new&known-hosts=" + known),
        "THE KEY OF THIS HOST HAS CHANGED",
        Identity.ofHost(identity("one")).fingerprint().text(),
        before.text(),
        known + ", line 3");
    assertThat(known).content().contains(before.text()).hasLineCount(3);
  }

  @Test
  void authoritiesVouchForTheHostThatIsDialedOrNamed() throws Exception {
    TestAuthority authority = new TestAuthority(folder, "authority");
    Listener listener =
        listen("cert=" + authority.issue("db2", "127.0.0.1", "*.example.org").file());
    String ca = "ca=" + authority.file();
    move(listener, dial(listener, ca));
    move(listener, dial(listener, ca + "&host=db2.example.org"));
    assertRefused(
        dial(listener, ca + "&host=db2.example.com"),
        "its certificate is for 127.0.0.1, *.example.org, not for db2.example.com",
        "host=");
    // What the server is asked for says nothing about who is wanted.
    move(listener, dial(listener, ca + "&sni=front.example.org"));
    assertRefused(
        dial(listener, ca + "&host=db2.example.com&sni=front.example.org"),
        "not for db2.example.com");
    TestAuthority other = new TestAuthority(folder, "other");
    assertRefused(
        dial(listener, "ca=" + other.file()),
        "its certificate (CN=db2, issued by CN=authority)",
        "none of the authorities of ca=");
    assertRefused(dial(listener, "ca=system"), "none of the authorities of ca=system");
  }

  @ParameterizedTest
  @ValueSource(strings = {"peer", "ca", "accept-new"})
  void datesAreLookedAtInEachWayToTrust(String way) throws Exception {
    TestAuthority authority = new TestAuthority(folder, "authority");
    TestAuthority.Issued old = authority.issueExpired("old", "127.0.0.1");
    TestAuthority.Issued later = authority.issueForLater("later", "127.0.0.1");
    assertRefused(
        dial(listen("cert=" + old.file()), trust(way, authority, old)),
        "its certificate has expired: it was valid until");
    assertThat(told).anyMatch(line -> line.contains("has expired"));
    assertRefused(
        dial(listen("cert=" + later.file()), trust(way, authority, later)),
        "its certificate is not yet valid: it is from");
  }

  private String trust(String way, TestAuthority authority, TestAuthority.Issued issued) {
    return switch (way) {
      case "peer" -> "peer=" + issued.fingerprint();
      case "ca" -> "ca=" + authority.file();
      default -> "accept-new&known-hosts=" + folder.resolve("known_hosts");
    };
  }

  @Test
  void aListenerWithAnAuthorityLetsInItsOwnAndTellsOthersWhy() throws Exception {
    TestAuthority authority = new TestAuthority(folder, "authority");
    TestAuthority other = new TestAuthority(folder, "other");
    Path key = identity("one");
    Listener listener = listen("cert=" + key + "&client-ca=" + authority.file());
    String pin = "peer=" + Identity.ofHost(key).fingerprint();
    move(listener, dial(listener, pin + "&cert=" + authority.issue("sensor").file()));
    assertRefused(
        dial(listener, pin + "&cert=" + other.issue("stranger").file()),
        "does not take this side's certificate");
    assertRefused(
        dial(listener, pin + "&cert=" + authority.issueExpired("late").file()),
        "does not take this side's certificate");
    InParallel.await(() -> told.size() >= 2);
    assertThat(told)
        .anyMatch(line -> line.contains("leads to none of the authorities of client-ca="))
        .anyMatch(line -> line.contains("turned away: its certificate has expired"));
  }

  @Test
  void aListenerMayPinTheKeysOfItsDialers() throws Exception {
    Path key = identity("one");
    Fingerprint friend = Identity.ofHost(identity("friend")).fingerprint();
    Listener listener = listen("cert=" + key + "&peer=" + friend);
    String pin = "peer=" + Identity.ofHost(key).fingerprint();
    move(listener, dial(listener, pin + "&cert=" + identity("friend")));
    assertRefused(
        dial(listener, pin + "&cert=" + identity("stranger")),
        "does not take this side's certificate");
  }

  @Test
  void aNewCertificateHoldsFromTheNextLinkOnAndDisturbsNoPipe() throws Exception {
    TestAuthority authority = new TestAuthority(folder, "authority");
    TestAuthority.Issued first = authority.issue("first");
    TestAuthority.Issued second = authority.issue("second");
    Path served = folder.resolve("served.pem");
    Files.copy(first.file(), served);
    Listener listener = listen(Ends.UNHURRIED, "cert=" + served);
    Pipe pipe = dial(listener, Ends.UNHURRIED, "peer=" + first.fingerprint());
    pipe.send(new byte[1]);
    Pipe taken = accept(listener);
    Files.move(second.file(), served, StandardCopyOption.REPLACE_EXISTING);
    move(listener, dial(listener, "peer=" + second.fingerprint()));
    assertRefused(dial(listener, "peer=" + first.fingerprint()), "is not trusted");
    // One that is half written, as some editors do, changes nothing and is told once.
    Files.writeString(served, "-----BEGIN PRIVATE KEY-----\n");
    move(listener, dial(listener, "peer=" + second.fingerprint()));
    move(listener, dial(listener, "peer=" + second.fingerprint()));
    assertThat(told).filteredOn(line -> line.contains("stays in force")).hasSize(1);
    pipe.send("still here".getBytes(StandardCharsets.UTF_8));
    var messages = taken.messages().iterator();
    messages.next();
    assertThat(messages.next().text()).isEqualTo("still here");
    assertThat(pipe.stats().resumes()).isZero();
  }

  @Test
  void keysThatOthersMayReadAreRefused() throws Exception {
    Path key = identity("one");
    Files.setPosixFilePermissions(key, PosixFilePermissions.fromString("rw-r-----"));
    assertThatThrownBy(() -> listen("cert=" + key))
        .isInstanceOf(PipeException.Config.class)
        .hasMessageContaining("chmod 600 " + key);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "cert=/nowhere/x.pem",
        "key=/nowhere/x.pem",
        "peer=sha256:short",
        "client-ca=/nowhere/ca.pem",
        "peer=sha256:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=&client-ca=/x",
        "auth=tls",
        "colour=red",
      })
  void whatCannotBeIsSaidBeforeAnythingIsOpened(String words) {
    assertThatThrownBy(() -> listen(words)).isInstanceOf(PipeException.Config.class);
  }

  @Test
  void theLineForTheOtherHostNamesAnAddressOfThisOne() throws Exception {
    Path key = identity("one");
    Address meant = Address.parse(scheme + "-listen://0.0.0.0:0/n?auth=none&cert=" + key);
    List<String> invitations = new ArrayList<>();
    PipeEvents events =
        new PipeEvents() {
          @Override
          public void invites(String command, @Nullable String token) {
            assertThat(token).isNull();
            invitations.add(command);
          }
        };
    PipeContext receiving = ends.messages().withDirections(false, true).withEvents(events);
    connector.listen(meant, receiving).close();
    assertThat(invitations)
        .singleElement()
        .asString()
        .matches("hostpipe send " + scheme + "://[0-9a-f.:\\[\\]]+:[0-9]+/n peer=sha256:\\S{44}")
        .doesNotContain("0.0.0.0");
  }

  @Test
  void aDialerWithoutTlsHearsWhichSchemeIsRight() throws Exception {
    Listener listener = listen("cert=" + identity("one"));
    Pipe plain = ends.dial(listener.address().port(), "name", ends.messages());
    assertThat(InParallel.run(() -> plain.send(new byte[1])).failure())
        .isInstanceOf(PipeException.Refused.class)
        .hasMessageContaining("this port speaks TLS; dial it with " + scheme + "://");
    InParallel.await(() -> !told.isEmpty());
    assertThat(told)
        .first()
        .asString()
        .contains("dialed without TLS; this port is for " + scheme + "://");
  }

  @Test
  void aDialerWithTlsHearsThatThePortIsPlain() throws Exception {
    Listener listener = ends.listen("name", ends.messages());
    Pipe pipe = dial(listener, "accept-new&known-hosts=" + folder.resolve("known_hosts"));
    assertRefused(pipe, "speaks no TLS", plainScheme + ":// dials a Hostpipe without TLS");
    InParallel.await(() -> !ends.listenerTold.isEmpty());
    assertThat(ends.listenerTold)
        .first()
        .asString()
        .contains("it speaks TLS, and this port does not: " + scheme + "-listen does");
  }

  @Test
  void aPlainProgramIsToldFromAHostpipe() throws Exception {
    Listener listener = listen("cert=" + identity("one"));
    try (Socket http = new Socket(InetAddress.getLoopbackAddress(), listener.address().port())) {
      http.getOutputStream().write("GET / HTTP/1.1\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
      InParallel.await(() -> !told.isEmpty());
    }
    assertThat(told)
        .first()
        .asString()
        .contains("speaks no TLS, it began with 'GET / HTTP/1.1..'")
        .contains("raw+tcp-listen");
  }

  @Test
  void aServerThatNeverAgreesIsGivenUpAfterItsTime() throws Exception {
    try (ServerSocket silent = new ServerSocket(0, 10, InetAddress.getLoopbackAddress())) {
      Address address =
          Address.parse(
              scheme + "://127.0.0.1:" + silent.getLocalPort() + "/n?handshake=100ms&accept-new");
      assertThatThrownBy(() -> connector.check(address, true))
          .isInstanceOf(PipeException.Unreachable.class)
          .hasMessageContaining("took longer than 100 ms to agree on TLS");
    }
  }

  @Test
  void checkingSaysWhoIsThereAndHowItIsKnown() throws Exception {
    Path key = identity("one");
    Listener listener = listen("cert=" + key);
    String fingerprint = Identity.ofHost(key).fingerprint().text();
    String place = "127.0.0.1:" + listener.address().port() + "/name";
    assertThat(
            connector.check(Address.parse(scheme + "://" + place + "?peer=" + fingerprint), true))
        .contains("takes ")
        .contains(": TLS 1.3, TLS_AES_128_GCM_SHA256")
        .contains("valid until 9999-12-31")
        .contains("key " + fingerprint + " (pinned by peer=)");
    Address here = Address.parse(scheme + "-listen://127.0.0.1:0/name?cert=" + key);
    assertThat(connector.check(here, true)).contains("can listen on port").contains(fingerprint);
  }

  private Path identity(String name) throws IOException {
    Path file = folder.resolve(name + ".pem");
    Identity.ofHost(file);
    return file;
  }

  private Listener listen(String words) throws PipeException {
    return listen(Ends.SHORT, words);
  }

  private Listener listen(String times, String words) throws PipeException {
    Listener listener =
        connector.listen(
            Address.parse(scheme + "-listen://127.0.0.1:0/name?" + times + "&" + words),
            ends.messages().withEvents(events()));
    opened.add(listener);
    return listener;
  }

  private Pipe dial(Listener listener, String words) throws PipeException {
    return dial(listener, Ends.SHORT, words);
  }

  private Pipe dial(Listener listener, String times, String words) throws PipeException {
    Address address =
        Address.parse(
            scheme + "://127.0.0.1:" + listener.address().port() + "/name?" + times + "&" + words);
    Pipe pipe = connector.connect(address, ends.messages());
    opened.add(pipe);
    return pipe;
  }

  private Pipe accept(Listener listener) throws Exception {
    Pipe taken = listener.accept();
    opened.add(taken);
    return taken;
  }

  private void move(Listener listener, Pipe pipe) throws Exception {
    pipe.send(new byte[] {1, 2, 3});
    assertThat(accept(listener).messages().iterator().next().payload()).containsExactly(1, 2, 3);
  }

  private static void assertRefused(Pipe pipe, String... parts) throws Exception {
    Throwable failure = InParallel.run(() -> pipe.send(new byte[1])).failure();
    assertThat(failure)
        .isInstanceOfSatisfying(
            PipeException.Refused.class,
            e -> assertThat(e.status()).isIn(Status.UNAUTHENTICATED, Status.FAILED_PRECONDITION))
        .hasMessageContainingAll(parts);
    assertThat(failure.getMessage()).doesNotContain("\n");
  }

  private PipeEvents events() {
    return new PipeEvents() {
      @Override
      public void warning(String text) {
        told.add(text);
      }
    };
  }
}
