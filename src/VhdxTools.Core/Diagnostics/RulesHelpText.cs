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

                The line Repair says what Repair-VhdxImage does with a finding:
                None          nothing: there is nothing to mend, or not in the file
                Automatic     mends it without losing or guessing anything
                Leaks         -Leaks moves blocks into space that nothing references,
                              and cuts off the end of the file
                DiscardLog    -DiscardLog gives up the log and the updates that
                              only it holds, or its place when it is empty
                DropBadBlocks -DropBadBlocks gives up blocks that cannot be right;
                              what is lost reads as zeros, and is listed
                Salvage       nothing in the file; -Salvage copies what is readable
                              into a new image

                A finding may say less or more than its rule: a region table without
                a good copy is left to -Salvage, a gap that no block fits into stays,
                and a log in a place where something else is can have another one
                (-DiscardLog). With -Leaks no block is moved while errors are left;
                Hints of the result says so. While errors of the rules VX1xx, VX4xx
                and VX7xx are left, nothing is written but headers, a damaged copy of
                the region table, the file type identifier and the replayed log: a
                file whose structures are not understood is not to be changed. A
                version, a required region or a required item that this product does
                not know (VX304, VX305, VX408, VX706) keeps it from writing anything.

                What Repair-VhdxImage does with the damages that users meet:
                one header damaged        restores it from the other one
                both headers damaged      nothing; -Salvage
                one region table damaged  restores it from the other one
                two entries, one block    -DropBadBlocks: each gets a copy
                blocks that overlap       -DropBadBlocks: each gets a copy
                block over a structure    -DropBadBlocks: the block becomes zero; over the
                                          log, -DiscardLog: the log moves away
                block past the end        -DropBadBlocks: what is lost becomes zero
                reserved bits             clears them
                states 4 and 5            -DropBadBlocks: the block becomes zero
                state 7 without a parent  -DropBadBlocks: the block becomes zero
                leaked block              -Leaks: its space is used or cut off
                disk identifier zero      gives the disk a new one
                size no multiple of the   nothing: restore a backup
                sector size
                HasParent without locator nothing; -Salvage copies what the image holds
                LogGuid without entries   -DiscardLog: gives up the log
                truncated file            -DropBadBlocks: what is lost becomes zero,
                                          or -Salvage


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

        return text.Append("SEE ALSO\n    Test-VhdxImage\n    Repair-VhdxImage\n    about_VhdxTools\n").ToString().Replace("\r", "");
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
