using System;
using System.Collections.Generic;
using System.Runtime.ExceptionServices;
using System.Threading;

namespace VhdxTools.IO;

/// <summary>
/// Two threads that do what is put into a queue; the results are taken in the order of the queue. Threads of their own, because those
/// of the pool spin while they wait, and that takes time from others when the machine is busy. Where the system has no thread left for
/// them, the caller's does the work.
/// </summary>
/// <param name="start">For tests: starts a thread as <see cref="Thread.Start()"/> does.</param>
internal sealed class WorkQueue<TResult>(Action<Thread>? start = null) : IDisposable
{
    private const int ThreadCount = 2;

    // Here threads wait for work; who waits for a result waits for its job. So nobody is woken in vain.
    private readonly object _lock = new();
    private readonly Queue<Job> _waiting = new();
    private readonly Queue<Job> _all = new();
    private readonly List<Thread> _threads = [];
    private bool _isClosed;

    /// <summary>Jobs whose results were not taken.</summary>
    public int Count => _all.Count;

    /// <summary>Has a thread do some work, after what was added before has begun.</summary>
    public void Add(Func<TResult> work)
    {
        Job job = new(work);
        _all.Enqueue(job);
        lock (_lock)
        {
            _waiting.Enqueue(job);
            Monitor.Pulse(_lock);
        }

        if (_threads.Count < ThreadCount && TryStart(new(Run) { IsBackground = true }) is Thread thread)
        {
            _threads.Add(thread);
        }

        if (_threads.Count == 0)
        {
            Next()?.Do();
        }
    }

    /// <summary>The result of the job that was added first, when it is there; its failure is thrown as it was.</summary>
    public TResult Take()
    {
        Job job = _all.Dequeue();
        job.Wait();
        job.Failure?.Throw();
        return job.Result;
    }

    /// <summary>Returns when no thread works any more; what had not begun is not done.</summary>
    public void Dispose()
    {
        lock (_lock)
        {
            _isClosed = true;
            Monitor.PulseAll(_lock);
        }

        foreach (Thread thread in _threads)
        {
            thread.Join();
        }
    }

    private Thread? TryStart(Thread thread)
    {
        try
        {
            (start ?? (started => started.Start()))(thread);
            return thread;
        }
        catch (Exception exception) when (exception is OutOfMemoryException or ThreadStartException)
        {
            // So the runtime tells that the limit of threads is reached.
            return null;
        }
    }

    private void Run()
    {
        while (Next() is Job job)
        {
            job.Do();
        }
    }

    private Job? Next()
    {
        lock (_lock)
        {
            while (_waiting.Count == 0 && !_isClosed)
            {
                Monitor.Wait(_lock);
            }

            return _isClosed ? null : _waiting.Dequeue();
        }
    }

    private sealed class Job(Func<TResult> work)
    {
        private readonly object _lock = new();
        private bool _isDone;

        public ExceptionDispatchInfo? Failure { get; private set; }

        public TResult Result { get; private set; } = default!;

        public void Do()
        {
            try
            {
                Result = work();
            }
            catch (Exception exception)
            {
                // Whoever takes the result gets it, wherever it comes from.
                Failure = ExceptionDispatchInfo.Capture(exception);
            }

            lock (_lock)
            {
                _isDone = true;
                Monitor.Pulse(_lock);
            }
        }

        public void Wait()
        {
            lock (_lock)
            {
                while (!_isDone)
                {
                    Monitor.Wait(_lock);
                }
            }
        }
    }
}
