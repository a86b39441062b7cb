package io.hostpipe.runtime.tls;

import io.hostpipe.spi.tls.Der;
import java.io.ByteArrayInputStream;
import java.math.BigInteger;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.SecureRandom;
import java.security.Signature;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.security.spec.ECGenParameterSpec;
import java.util.List;

/**
 * Makes a key of this host and the X.509 certificate (RFC 5280) that carries it.
 *
 * <p>ECDSA over P-256, which every TLS 1.3 program must have. The peer trusts the key, by its
 * fingerprint, and not the certificate: so that one has no well-defined end (RFC 5280, 4.1.2.5),
 * and a begin that no wrong clock lies before.
 */
final class SelfSigned {
  private static final String SIGNS_WITH_ECDSA_SHA256 = "1.2.840.10045.4.3.2";
  private static final String COMMON_NAME = "2.5.4.3";
  private static final String SUBJECT_ALTERNATIVE_NAME = "2.5.29.17";
  private static final String FROM = "000101000000Z";
  private static final String UNTIL = "99991231235959Z";
  private static final BigInteger VERSION_3 = BigInteger.TWO;
  private static final int SERIAL_BITS = 127;

  /** RFC 5280, upper bound of a common name. */
  private static final int NAME_LENGTH_MAX = 64;

  private SelfSigned() {}

  /** A fresh key and its certificate for a host of this name. */
  static Identity make(String hostName) throws GeneralSecurityException {
    KeyPairGenerator generator = KeyPairGenerator.getInstance("EC");
    generator.initialize(new ECGenParameterSpec("secp256r1"));
    KeyPair pair = generator.generateKeyPair();
    String name = nameOf(hostName);
    byte[] toBeSigned = toBeSigned(name, pair);
    Signature signature = Signature.getInstance("SHA256withECDSA");
    signature.initSign(pair.getPrivate());
    signature.update(toBeSigned);
    byte[] encoded = Der.of(Der.SEQUENCE, toBeSigned, algorithm(), Der.bits(signature.sign()));
    X509Certificate certificate =
        (X509Certificate)
            CertificateFactory.getInstance("X.509")
                .generateCertificate(new ByteArrayInputStream(encoded));
    return new Identity(pair.getPrivate(), List.of(certificate));
  }

  /** What a certificate can say: letters, digits, dots and hyphens. */
  private static String nameOf(String hostName) {
    String name = hostName.replaceAll("[^A-Za-z0-9.-]", "-");
    if (name.isEmpty()) {
      return "localhost";
    }
    return name.length() <= NAME_LENGTH_MAX ? name : name.substring(0, NAME_LENGTH_MAX);
  }

  private static byte[] toBeSigned(String name, KeyPair pair) {
    byte[] subject =
        Der.of(
            Der.SEQUENCE,
            Der.of(
                Der.SET,
                Der.of(Der.SEQUENCE, Der.oid(COMMON_NAME), Der.text(Der.UTF8_STRING, name))));
    return Der.of(
        Der.SEQUENCE,
        Der.tagged(0, Der.integer(VERSION_3)),
        Der.integer(new BigInteger(SERIAL_BITS, new SecureRandom()).add(BigInteger.ONE)),
        algorithm(),
        subject,
        Der.of(Der.SEQUENCE, Der.text(Der.UTC_TIME, FROM), Der.text(Der.GENERALIZED_TIME, UNTIL)),
        subject,
        pair.getPublic().getEncoded(),
        Der.tagged(3, Der.of(Der.SEQUENCE, alternativeName(name))));
  }

  private static byte[] algorithm() {
    return Der.of(Der.SEQUENCE, Der.oid(SIGNS_WITH_ECDSA_SHA256));
  }

  private static byte[] alternativeName(String name) {
    return Der.of(
        Der.SEQUENCE,
        Der.oid(SUBJECT_ALTERNATIVE_NAME),
        Der.of(Der.OCTET_STRING, Der.of(Der.SEQUENCE, Der.text(Der.DNS_NAME, name))));
  }
}
