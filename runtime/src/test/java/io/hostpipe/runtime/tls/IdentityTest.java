package io.hostpipe.runtime.tls;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.hostpipe.spi.tls.Pem;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.Date;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class IdentityTest {
  private static final int MAKER_COUNT = 8;

  @TempDir private Path folder;

  @Test
  void isMadeOnceForItsUserAlone() throws Exception {
    Path file = folder.resolve("deep/er/identity.pem");
    Identity made = Identity.ofHost(file);
    assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file)))
        .isEqualTo("rw-------");
    assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file.getParent())))
        .isEqualTo("rwx------");
    assertThat(Identity.ofHost(file).fingerprint()).isEqualTo(made.fingerprint());
    X509Certificate certificate = made.certificate();
    certificate.verify(certificate.getPublicKey());
    certificate.checkValidity();
    certificate.checkValidity(Date.from(Instant.parse("3000-01-01T00:00:00Z")));
    assertThat(certificate.getVersion()).isEqualTo(3);
    assertThat(certificate.getSubjectX500Principal().getName()).startsWith("CN=");
    assertThat(made.toString()).isEqualTo(made.fingerprint().text());
    assertThat(Fingerprint.ofFile(file)).isEqualTo(made.fingerprint());
  }

  @Test
  void ofManyThatMakeItAtOnceOneDoes() throws Exception {
    Path file = folder.resolve("identity.pem");
    List<Future<Fingerprint>> made = new ArrayList<>();
    try (ExecutorService makers = Executors.newVirtualThreadPerTaskExecutor()) {
      for (int count = 0; count < MAKER_COUNT; count++) {
        made.add(makers.submit(() -> Identity.ofHost(file).fingerprint()));
      }
    }
    for (Future<Fingerprint> each : made) {
      assertThat(each.get()).isEqualTo(Fingerprint.ofFile(file));
    }
    try (Stream<Path> files = Files.list(folder)) {
      assertThat(files).containsExactly(file);
    }
  }

  @Test
  void olderFormsOfKeysAreRead() throws Exception {
    Identity own = Identity.ofHost(folder.resolve("identity.pem"));
    byte[] encoded = own.key().getEncoded();
    Path older = write("EC PRIVATE KEY", inner(encoded));
    assertThat(Pem.privateKey(older, own.certificate().getPublicKey())).isEqualTo(own.key());
    KeyPairGenerator generator = KeyPairGenerator.getInstance("RSA");
    generator.initialize(2048);
    KeyPair rsa = generator.generateKeyPair();
    byte[] whole = rsa.getPrivate().getEncoded();
    Path oldest = write("RSA PRIVATE KEY", inner(whole));
    assertThat(Pem.privateKey(oldest, rsa.getPublic())).isEqualTo(rsa.getPrivate());
  }

  /** What a PKCS #8 key wraps: behind the version and the algorithm, one octet string. */
  private static byte[] inner(byte[] wrapped) {
    int at = contentAt(wrapped, 0);
    for (int passed = 0; passed < 2; passed++) {
      at = contentAt(wrapped, at) + lengthAt(wrapped, at);
    }
    int begin = contentAt(wrapped, at);
    return Arrays.copyOfRange(wrapped, begin, begin + lengthAt(wrapped, at));
  }

  /** Where the content of the DER element at this index begins. */
  private static int contentAt(byte[] der, int index) {
    int first = der[index + 1] & 0xFF;
    return index + 2 + (first < 0x80 ? 0 : first - 0x80);
  }

  private static int lengthAt(byte[] der, int index) {
    int length = der[index + 1] & 0xFF;
    if (length < 0x80) {
      return length;
    }
    length = 0;
    for (int at = index + 2; at < contentAt(der, index); at++) {
      length = (length << 8) | (der[at] & 0xFF);
    }
    return length;
  }

  @Test
  void whatCannotBeUsedIsSaidWithTheFileAndAWayOut() throws Exception {
    Identity own = Identity.ofHost(folder.resolve("identity.pem"));
    Path certificate = folder.resolve("identity.crt");
    Files.writeString(certificate, own.certificateText());
    assertThatThrownBy(() -> Identity.load(folder.resolve("none"), certificate))
        .isInstanceOf(IOException.class)
        .hasMessage("there is no file " + folder.resolve("none"));
    assertThatThrownBy(
            () -> Identity.load(certificate, write("ENCRYPTED PRIVATE KEY", new byte[9])))
        .hasMessageContaining("is encrypted")
        .hasMessageContaining("openssl pkey");
    assertThatThrownBy(() -> Identity.load(certificate, write("PRIVATE KEY", new byte[9])))
        .hasMessageContaining("holds no key that Java can read for its EC certificate");
    assertThatThrownBy(() -> Identity.load(certificate, write("PARAMETERS", new byte[9])))
        .hasMessageContaining("holds no private key");
    Path other = folder.resolve("other.pem");
    Identity.ofHost(other);
    assertThatThrownBy(() -> Identity.load(certificate, other))
        .hasMessageContaining("the key in " + other + " is not that of the first certificate in");
    Files.writeString(
        certificate, "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n");
    assertThatThrownBy(() -> Identity.load(certificate, other))
        .hasMessageContaining(certificate + " holds a certificate that cannot be read");
  }

  private Path write(String label, byte[] bytes) throws IOException {
    Path file = Files.createTempFile(folder, "key", ".pem");
    return Files.writeString(
        file,
        "-----BEGIN "
            + label
            + "-----\n"
            + Base64.getEncoder().encodeToString(bytes)
            + "\n-----END "
            + label
            + "-----\n");
  }
}
