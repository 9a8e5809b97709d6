using System.Text;

namespace VhdxTools.Diagnostics;

/// <summary>Prints the table of rules as a help topic.</summary>
internal static class RulesHelpText
{
    private const int Width = 78;
    private const string Indent = "        ";

    public static string Print()
    {
        StringBuilder text = new();
        text.Append(
            """
            TOPIC
                about_VhdxTools_Rules

            SHORT DESCRIPTION
                The rules that Test-VhdxImage checks, by their ids.

            LONG DESCRIPTION
                Each finding carries the id of a rule. The severity is Error when data may
                be unreadable or the file must not be processed, Warning when the image
                can be used but is not as it should be (a safety copy is lost, for
                example), and Note when the image is sound. A damaged copy of a structure
                whose other copy is good is a Warning, whatever its rule says here.

                The line Repair says what it would take to mend a finding:
                None          nothing to mend, or not inside the file
                Automatic     mended without losing or guessing anything
                Leaks         frees space that nothing references
                DiscardLog    gives up the log and the updates that only it holds
                DropBadBlocks gives up blocks that cannot be right
                Salvage       only copying what is readable into a new image


            """);
        foreach (VhdxRule rule in VhdxRules.All)
        {
            string heading = $"    {rule.Id} {rule.Severity}: {rule.Title}";
            string reference = $"({rule.Reference})";
            bool isLong = heading.Length + 1 + reference.Length > Width;
            text.Append(heading).Append(isLong ? "\n" + Indent : " ").Append(reference).Append('\n');
            AppendWrapped(text, rule.Meaning);
            AppendWrapped(text, rule.Action);
            text.Append(Indent).Append("Repair: ").Append(rule.Repair).Append("\n\n");
        }

        return text.Append("SEE ALSO\n    Test-VhdxImage\n    about_VhdxTools\n").ToString().Replace("\r", "");
    }

    private static void AppendWrapped(StringBuilder text, string sentence)
    {
        int column = Width;
        bool isFirst = true;
        foreach (string word in sentence.Split(' '))
        {
            if (column + 1 + word.Length > Width)
            {
                text.Append(isFirst ? Indent : "\n" + Indent).Append(word);
                column = Indent.Length + word.Length;
            }
            else
            {
                text.Append(' ').Append(word);
                column += 1 + word.Length;
            }

            isFirst = false;
        }

        text.Append('\n');
    }
}
