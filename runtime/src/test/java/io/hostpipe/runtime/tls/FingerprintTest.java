package io.hostpipe.runtime.tls;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class FingerprintTest {
  /** The digest of nothing, which is as good as any. */
  private static final String SHOWN = "sha256:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=";

  @ParameterizedTest
  @ValueSource(
      strings = {
        SHOWN,
        " sha256:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n",
        "SHA256:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU",
        "sha256//47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=",
        "sha256:47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU",
        "sha256:47DEQpj8HBSa /TImW 5JCeuQeRkm5NMpJWZG3hSuFU=",
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        "sha256:E3:B0:C4:42:98:FC:1C:14:9A:FB:F4:C8:99:6F:B9:24:27:AE:41:E4:64:9B:93:4C:A4:95:99:1B"
            + ":78:52:B8:55",
      })
  void isReadAsPeopleHaveIt(String text) {
    assertThat(Fingerprint.parse(text)).hasToString(SHOWN);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "sha256:",
        "sha256:47DEQpj8",
        "sha1:2jmj7l5rSw0yVb/vlWAYkK/YBwk=",
        "sha256:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=AAAA",
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b85x",
      })
  void whatIsNoneIsNone(String text) {
    assertThat(Fingerprint.parse(text)).isNull();
  }

  @Test
  void equalsAnotherOfTheSameKey() {
    assertThat(Fingerprint.parse(SHOWN)).isEqualTo(Fingerprint.parse(SHOWN.replace("=", "")));
  }
}
