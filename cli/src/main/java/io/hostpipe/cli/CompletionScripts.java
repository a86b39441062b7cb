package io.hostpipe.cli;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** Writes the completion scripts. */
final class CompletionScripts {
  private static final String BASH =
      """
      # Completion of hostpipe for bash. Made by: hostpipe completion bash
      _hostpipe() {
        local line=${COMP_LINE:0:COMP_POINT} cur='' prev='' end='' command='' candidates='' word
        local -a words
        read -ra words <<<"$line"
        if [[ $line != *[[:space:]] ]]; then
          cur=${words[-1]}
          unset 'words[-1]'
        fi
        (( ${#words[@]} > 0 )) || return
        prev=${words[-1]}
        for word in "${words[@]:1}"; do
          case $word in
            -|./*|../*|/*|file:*|*://*) end=$word ;;
            @COMMAND_PATTERN@) [[ -n $command$end ]] || command=$word ;;
          esac
        done
        case $prev in
      @FLAG_VALUES@
          @FLAGS_WITH_VALUE@) return ;;
        esac
        case $cur in
          -?*) candidates='@FLAGS@' ;;
          *)
            [[ -n $candidates ]] || case $command in
      @COMMAND_WORDS@
              *)
                candidates='@SCHEMES@ -'
                [[ -n $command$end ]] || candidates+=' @COMMANDS@'
                case $end in
      @OPTIONS@
                esac
                ;;
            esac
            ;;
        esac
        COMPREPLY=($(compgen -W "$candidates" -- "$cur"))
        case $cur in
          ./*|../*|/*) compopt -o filenames; mapfile -t -O "${#COMPREPLY[@]}" COMPREPLY < <(compgen -f -- "$cur") ;;
        esac
        # Readline takes what stands behind a colon or an equals sign for a word of its own.
        word=${cur%"${cur##*[:=]}"}
        [[ -z $word ]] || COMPREPLY=("${COMPREPLY[@]#"$word"}")
        case ${COMPREPLY[0]-} in
          *=|*://|//) compopt -o nospace ;;
        esac
      } 2>/dev/null
      complete -F _hostpipe hostpipe ./hostpipe
      """;

  private static final String ZSH =
      """
      #compdef hostpipe
      # Completion of hostpipe for zsh. Made by: hostpipe completion zsh
      _hostpipe() {
        local cur=${words[CURRENT]} prev=${words[CURRENT-1]} end='' command='' word
        local -a candidates
        for word in ${words[2,CURRENT-1]}; do
          case $word in
            -|./*|../*|/*|file:*|*://*) end=$word ;;
            @COMMAND_PATTERN@) [[ -n $command$end ]] || command=$word ;;
          esac
        done
        case $prev in
      @FLAG_VALUES@
          @FLAGS_WITH_VALUE@) return ;;
        esac
        if (( $#candidates )); then
          compadd -- $candidates
          return
        fi
        case $cur in
          -?*) compadd -- @FLAGS@ ; return ;;
          ./*|../*|/*) _files ; return ;;
        esac
        case $command in
      @COMMAND_WORDS@
          *)
            compadd -S '' -- @SCHEMES@
            compadd -- -
            [[ -n $command$end ]] || compadd -- @COMMANDS@
            case $end in
      @OPTIONS@
            esac
            ;;
        esac
        (( ! $#candidates )) || compadd -- $candidates
      }
      if [[ $funcstack[1] == _hostpipe ]]; then _hostpipe "$@"; else compdef _hostpipe hostpipe; fi
      """;

  private CompletionScripts() {}

  /** For bash 4.4 and newer; needs no other package. */
  static String bash(CompletionWords words) {
    return filled(BASH, words, "candidates='", "'");
  }

  /** For zsh 5. */
  static String zsh(CompletionWords words) {
    return filled(ZSH, words, "candidates+=(", ")");
  }

  /** For fish 3. */
  static String fish(CompletionWords words) {
    StringBuilder script = new StringBuilder(4_096);
    script.append("# Completion of hostpipe for fish. Made by: hostpipe completion fish\n");
    script.append("function __hostpipe_behind\n");
    script.append("  set -l last ''\n");
    script.append("  for word in (commandline -opc)[2..-1]\n");
    script.append("    if string match -qr '^(-$|\\.{0,2}/|file:|[a-z0-9+.-]+://)' -- $word\n");
    script.append("      set last $word\n    end\n  end\n");
    script.append("  string match -qr -- $argv[1] $last\nend\n");
    script.append("function __hostpipe_is\n  set -l words (commandline -opc)\n");
    script.append("  test (count $words) -gt 1; and test $words[2] = $argv[1]\nend\n");
    String first = "test (count (commandline -opc)) -eq 1";
    for (CommandName command : CommandName.values()) {
      if (command.word() != null) {
        complete(script, first, command.word(), command.help());
      }
    }
    for (Flag flag : Flag.values()) {
      script.append("complete -c hostpipe -l ").append(flag.word());
      if (flag.letter() != null) {
        script.append(" -s ").append(flag.letter());
      }
      if (flag.form() != null) {
        script.append(" -x -a '").append(String.join(" ", flag.choices())).append('\'');
      }
      script.append(" -d '").append(fishQuoted(flag.help())).append("'\n");
    }
    for (String scheme : words.schemes()) {
      complete(script, "", scheme, "");
    }
    words
        .optionsByPattern()
        .forEach((pattern, options) -> {
          for (String option : options) {
            complete(script, "__hostpipe_behind \"" + fishPattern(pattern) + "\"", option, "");
          }
        });
    words
        .wordsByCommand()
        .forEach((command, ofCommand) -> {
          for (String word : ofCommand) {
            complete(script, "__hostpipe_is " + command, word, "");
          }
        });
    return script.toString();
  }

  private static void complete(StringBuilder script, String when, String word, String help) {
    script.append("complete -c hostpipe");
    if (!when.isEmpty()) {
      script.append(" -n '").append(when).append('\'');
    }
    script.append(" -a '").append(word).append('\'');
    if (!help.isEmpty()) {
      script.append(" -d '").append(fishQuoted(help)).append('\'');
    }
    script.append('\n');
  }

  private static String fishQuoted(String text) {
    return text.replace("\\", "\\\\").replace("'", "\\'");
  }

  /** A regular expression for one of the patterns that the other shells take. */
  private static String fishPattern(String pattern) {
    List<String> alternatives = new ArrayList<>();
    for (String each : pattern.split("\\|", -1)) {
      alternatives.add(each.replace(".", "[.]").replace("+", "[+]").replace("*", ".*"));
    }
    return "^(" + String.join("|", alternatives) + ")\\$";
  }

  /** What bash and zsh have in common: lists of words, and cases of patterns. */
  private static String filled(
      String template, CompletionWords words, String assign, String assigned) {
    List<String> flags = new ArrayList<>();
    List<String> withValue = new ArrayList<>();
    StringBuilder values = new StringBuilder();
    for (Flag flag : Flag.values()) {
      flags.add("--" + flag.word());
      if (flag.letter() != null) {
        flags.add("-" + flag.letter());
      }
      if (!flag.choices().isEmpty()) {
        line(values, "--" + flag.word(), assign + String.join(" ", flag.choices()) + assigned);
      } else if (flag.form() != null) {
        withValue.add("--" + flag.word());
      }
    }
    StringBuilder ofCommands = new StringBuilder();
    words
        .wordsByCommand()
        .forEach((command, ofCommand) ->
            line(ofCommands, command, assign + String.join(" ", ofCommand) + assigned));
    StringBuilder ofAddresses = new StringBuilder();
    for (Map.Entry<String, List<String>> each : words.optionsByPattern().entrySet()) {
      String more = assign.replace("='", "+=' ");
      line(ofAddresses, each.getKey(), more + String.join(" ", each.getValue()) + assigned);
    }
    return template
        .replace("@COMMAND_PATTERN@", String.join("|", words.commands()))
        .replace("@FLAG_VALUES@\n", values)
        .replace("@FLAGS_WITH_VALUE@", String.join("|", withValue))
        .replace("@FLAGS@", String.join(" ", flags))
        .replace("@COMMAND_WORDS@\n", ofCommands)
        .replace("@SCHEMES@", String.join(" ", words.schemes()))
        .replace("@COMMANDS@", String.join(" ", words.commands()))
        .replace("@OPTIONS@\n", ofAddresses);
  }

  private static void line(StringBuilder cases, String pattern, String action) {
    cases.append("      ").append(pattern).append(") ").append(action).append(" ;;\n");
  }
}
