using System;
using System.Threading;
using VhdxTools.IO;

namespace VhdxTools.Core.Tests.Support;

/// <summary>Overwrites, again and again, all buffers that no operation has: one that was given back too early loses its bytes.</summary>
internal sealed class Scribbler : IDisposable
{
    private const int Length = 1 << 20;
    private readonly Thread _thread;
    private volatile bool _isEnded;

    public Scribbler()
    {
        _thread = new(Run) { IsBackground = true };
        _thread.Start();
    }

    public void Dispose()
    {
        _isEnded = true;
        _thread.Join();
    }

    private void Run()
    {
        while (!_isEnded)
        {
            using PageBufferPool buffers = new(Length);
            for (int i = 0; i < 4; i++)
            {
                // All of it would take too long: the test must meet many moments.
                Span<byte> bytes = buffers.Rent().Span;
                for (int place = 0; place < Length; place += 4096)
                {
                    bytes[place] = 0xEE;
                }
            }
        }
    }
}
