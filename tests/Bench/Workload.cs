using System;
using System.IO;

namespace VhdxToolsBench
{
    /// <summary>Data and requests for the benches: the same with every run, because the seed is.</summary>
    public static class Workload
    {
        private const int MiB = 1 << 20;

        /// <summary>Writes a raw disk in runs of data and of zeros, of 4 KiB to 64 MiB each: every length class is as likely.</summary>
        /// <param name="path">The file.</param>
        /// <param name="length">Its length in bytes, a multiple of 4096.</param>
        /// <param name="zerosPerData">How many bytes are zero for one that is not.</param>
        /// <param name="holes">Whether zeros are holes; else they are written.</param>
        public static void WriteDisk(string path, long length, int zerosPerData, bool holes)
        {
            byte[] data = RandomBytes(8 * MiB);
            byte[] zeros = new byte[MiB];
            Random random = new Random(20260);
            using (FileStream file = new FileStream(path, FileMode.Create, FileAccess.Write, FileShare.None, 1))
            {
                file.SetLength(length);
                while (file.Position < length)
                {
                    long run = (long)(4096 * Math.Pow(2, 14 * random.NextDouble())) / 4096 * 4096;
                    Fill(file, data, Math.Min(run, length - file.Position), random.Next(1024) * 4096);
                    long zero = Math.Min(run * zerosPerData, length - file.Position);
                    if (holes) { file.Position += zero; } else { Fill(file, zeros, zero, 0); }
                }

                file.Flush(true);
            }
        }

        /// <summary>Bytes that are not zero and do not repeat soon.</summary>
        public static byte[] RandomBytes(int count)
        {
            byte[] bytes = new byte[count];
            new Random(4711).NextBytes(bytes);
            return bytes;
        }

        /// <summary>Places for requests, each in another slot of the disk, in random order; within a slot at a multiple of 4096.</summary>
        public static long[] Places(int count, int slots, long slotLength)
        {
            Random random = new Random(count);
            int[] order = new int[slots];
            for (int i = 0; i < slots; i++)
            {
                int j = random.Next(i + 1);
                order[i] = order[j];
                order[j] = i;
            }

            long[] places = new long[count];
            for (int i = 0; i < count; i++) { places[i] = (order[i] * slotLength) + (random.Next((int)(slotLength / 4096)) * 4096L); }
            return places;
        }

        /// <summary>Writes one buffer at many places; flushes after so many (0: at the end only), and at the end.</summary>
        public static void Write(Stream disk, long[] places, int length, int flushEach)
        {
            byte[] buffer = RandomBytes(length);
            for (int i = 0; i < places.Length; i++)
            {
                disk.Position = places[i];
                disk.Write(buffer, 0, length);
                if (flushEach > 0 && (i + 1) % flushEach == 0) { disk.Flush(); }
            }

            disk.Flush();
        }

        /// <summary>The requests of <see cref="Write"/> as a script for qemu-io.</summary>
        public static string WriteScript(long[] places, int length, int flushEach)
        {
            StringWriter script = new StringWriter { NewLine = "\n" };
            for (int i = 0; i < places.Length; i++)
            {
                script.WriteLine("write -q -P 171 {0} {1}", places[i], length);
                if (flushEach > 0 && (i + 1) % flushEach == 0) { script.WriteLine("flush"); }
            }

            script.WriteLine("flush");
            return script.ToString();
        }

        /// <summary>Fills a range of a disk, 1 MiB a request, with data or zeros.</summary>
        public static void WriteRange(Stream disk, long offset, long length, bool zeros)
        {
            byte[] buffer = zeros ? new byte[MiB] : RandomBytes(MiB);
            disk.Position = offset;
            for (long left = length; left > 0; left -= MiB) { disk.Write(buffer, 0, (int)Math.Min(MiB, left)); }
        }

        /// <summary>Reads a disk from its start to its end, 1 MiB a request.</summary>
        public static void ReadAll(Stream disk)
        {
            byte[] buffer = new byte[MiB];
            disk.Position = 0;
            while (disk.Read(buffer, 0, MiB) > 0) { }
        }

        private static void Fill(FileStream file, byte[] bytes, long count, int start)
        {
            for (long left = count; left > 0;)
            {
                int part = (int)Math.Min(Math.Min(MiB, left), bytes.Length - start);
                file.Write(bytes, start, part);
                left -= part;
                start = (start + part) % bytes.Length;
            }
        }
    }
}
