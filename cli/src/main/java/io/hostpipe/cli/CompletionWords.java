package io.hostpipe.cli;

import io.hostpipe.Address;
import io.hostpipe.spi.OptionSpec;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The words that a shell may offer.
 *
 * @param commands first words
 * @param schemes with their {@code ://}, or {@code :}
 * @param optionsByPattern what may stand behind an address that matches a shell's pattern
 * @param wordsByCommand what may stand behind a command that takes no address
 */
record CompletionWords(
    List<String> commands,
    List<String> schemes,
    Map<String, List<String>> optionsByPattern,
    Map<String, List<String>> wordsByCommand) {
  /** Those of this process. */
  static CompletionWords of(Catalog catalog) {
    List<String> commands = new ArrayList<>();
    for (CommandName command : CommandName.values()) {
      if (command.word() != null) {
        commands.add(command.word());
      }
    }
    List<String> schemes = new ArrayList<>();
    Map<String, List<String>> options = new LinkedHashMap<>();
    for (String scheme : catalog.schemes()) {
      List<String> words = new ArrayList<>();
      for (OptionSpec option : catalog.options(scheme)) {
        words.add(option.form() == null ? option.name() : option.name() + "=");
      }
      switch (scheme) {
        case Address.STDIO -> options.put("-", words);
        case Address.FILE -> options.put("./*|../*|/*|file:*", words);
        case Address.EXEC, Address.TAIL -> {
          schemes.add(scheme + ":");
          options.put(scheme + ":*", words);
        }
        default -> {
          schemes.add(scheme + "://");
          options.put(scheme + "://*", words);
        }
      }
    }
    Map<String, List<String>> byCommand = new LinkedHashMap<>();
    byCommand.put("addresses", catalog.schemes());
    byCommand.put("completion", CompletionCommand.SHELLS);
    byCommand.put("demo", words(DemoOptions.SPECS));
    byCommand.put("session", SessionCommand.WORDS);
    byCommand.put("spool", SpoolCommand.WORDS);
    byCommand.put("dlq", DlqCommand.WORDS);
    byCommand.put("key", KeyCommand.WORDS);
    byCommand.put("package", List.of());
    return new CompletionWords(commands, schemes, options, byCommand);
  }

  private static List<String> words(List<OptionSpec> options) {
    List<String> words = new ArrayList<>();
    for (OptionSpec option : options) {
      words.add(option.name() + "=");
    }
    return words;
  }
}
