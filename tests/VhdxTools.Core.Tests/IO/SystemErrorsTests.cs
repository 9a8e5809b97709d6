using System;
using System.IO;
using VhdxTools.IO;
using Xunit;

namespace VhdxTools.Core.Tests.IO;

public class SystemErrorsTests
{
    private const int Windows = unchecked((int)0x80070000);

    [Theory]

    // Windows: HRESULT_FROM_WIN32.
    [InlineData(Windows | 112, ErrorIds.DiskFull, ErrorKind.DiskFull)]
    [InlineData(Windows | 39, ErrorIds.DiskFull, ErrorKind.DiskFull)]
    [InlineData(Windows | 1295, ErrorIds.DiskFull, ErrorKind.DiskFull)]
    [InlineData(Windows | 223, ErrorIds.FileSystemLimit, ErrorKind.LimitExceeded)]
    [InlineData(Windows | 87, ErrorIds.FileSystemLimit, ErrorKind.LimitExceeded)]
    [InlineData(Windows | 32, ErrorIds.FileInUse, ErrorKind.InUse)]
    [InlineData(Windows | 33, ErrorIds.FileInUse, ErrorKind.InUse)]
    [InlineData(Windows | 108, ErrorIds.FileInUse, ErrorKind.InUse)]
    [InlineData(Windows | 170, ErrorIds.FileInUse, ErrorKind.InUse)]
    [InlineData(Windows | 1224, ErrorIds.FileInUse, ErrorKind.InUse)]
    [InlineData(Windows | 5, ErrorIds.AccessDenied, ErrorKind.PermissionDenied)]
    [InlineData(Windows | 19, ErrorIds.AccessDenied, ErrorKind.PermissionDenied)]
    [InlineData(Windows | 65, ErrorIds.AccessDenied, ErrorKind.PermissionDenied)]
    [InlineData(Windows | 80, ErrorIds.FileExists, ErrorKind.AlreadyExists)]
    [InlineData(Windows | 183, ErrorIds.FileExists, ErrorKind.AlreadyExists)]
    [InlineData(Windows | 2, ErrorIds.FileNotFound, ErrorKind.NotFound)]
    [InlineData(Windows | 3, ErrorIds.FolderNotFound, ErrorKind.NotFound)]
    [InlineData(Windows | 15, ErrorIds.FolderNotFound, ErrorKind.NotFound)]
    [InlineData(Windows | 206, ErrorIds.PathTooLong, ErrorKind.InvalidArgument)]
    [InlineData(Windows | 123, ErrorIds.InvalidPath, ErrorKind.InvalidArgument)]
    [InlineData(Windows | 161, ErrorIds.InvalidPath, ErrorKind.InvalidArgument)]
    [InlineData(Windows | 23, ErrorIds.IOFailed, ErrorKind.DeviceError)]

    // Unix: .NET gives the error number as it is.
    [InlineData(28, ErrorIds.DiskFull, ErrorKind.DiskFull)]
    [InlineData(122, ErrorIds.DiskFull, ErrorKind.DiskFull)]
    [InlineData(27, ErrorIds.FileSystemLimit, ErrorKind.LimitExceeded)]
    [InlineData(11, ErrorIds.FileInUse, ErrorKind.InUse)]
    [InlineData(13, ErrorIds.AccessDenied, ErrorKind.PermissionDenied)]
    [InlineData(30, ErrorIds.AccessDenied, ErrorKind.PermissionDenied)]
    [InlineData(17, ErrorIds.FileExists, ErrorKind.AlreadyExists)]
    [InlineData(2, ErrorIds.FileNotFound, ErrorKind.NotFound)]
    [InlineData(36, ErrorIds.PathTooLong, ErrorKind.InvalidArgument)]
    [InlineData(5, ErrorIds.IOFailed, ErrorKind.DeviceError)]

    // Neither: an exception of .NET's own.
    [InlineData(unchecked((int)0x80131620), ErrorIds.IOFailed, ErrorKind.DeviceError)]
    public void Codes_have_a_name_and_a_kind(int code, string id, ErrorKind kind)
    {
        IOException inner = new("It failed.", code);
        VhdxException exception = SystemErrors.Translate(inner, "a.vhdx", "read");

        Assert.Equal((id, kind), (exception.Id, exception.Kind));
        Assert.StartsWith("Cannot read 'a.vhdx': ", exception.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("..", exception.Message, StringComparison.Ordinal);
        Assert.Same(inner, exception.InnerException);
    }

    [Fact]
    public void No_code_of_the_system_names_another_file_than_the_one_asked_for()
    {
        foreach (int facility in new[] { 0, Windows })
        {
            for (int code = 1; code < 2000; code++)
            {
                string message = SystemErrors.Translate(new IOException("It failed: '.vhdxtools-1.tmp'", facility | code), "a.vhdx", "write").Message;

                Assert.DoesNotContain(".tmp", message, StringComparison.Ordinal);
                Assert.StartsWith("Cannot write 'a.vhdx': ", message, StringComparison.Ordinal);
            }
        }
    }

    [Theory]
    [InlineData(0, 5)]
    [InlineData(Windows, 1117)]
    public void An_error_of_the_device_is_told_by_its_number_and_in_words(int facility, int code)
    {
        string message = SystemErrors.Translate(new IOException("It failed.", facility | code), "a.vhdx", "write").Message;
        Assert.Matches(@$"^Cannot write 'a\.vhdx': the system reports error {code} \(.*\w.*\)\.$", message);
    }

    [Fact]
    public void Types_have_a_name_and_a_kind()
    {
        Check(new FileNotFoundException(), ErrorIds.FileNotFound, ErrorKind.NotFound);
        Check(new DirectoryNotFoundException(), ErrorIds.FolderNotFound, ErrorKind.NotFound);
        Check(new PathTooLongException(), ErrorIds.PathTooLong, ErrorKind.InvalidArgument);
        Check(new UnauthorizedAccessException(), ErrorIds.AccessDenied, ErrorKind.PermissionDenied);
        Check(new System.Security.SecurityException(), ErrorIds.AccessDenied, ErrorKind.PermissionDenied);
        Check(new ArgumentOutOfRangeException(), ErrorIds.FileSystemLimit, ErrorKind.LimitExceeded);
        Check(new ArgumentException("bad"), ErrorIds.InvalidPath, ErrorKind.InvalidArgument);
        Check(new NotSupportedException(), ErrorIds.InvalidPath, ErrorKind.InvalidArgument);

        static void Check(Exception inner, string id, ErrorKind kind)
        {
            Assert.True(SystemErrors.IsSystemError(inner));
            VhdxException exception = SystemErrors.Translate(inner, "a.vhdx", "read");
            Assert.Equal((id, kind), (exception.Id, exception.Kind));
        }
    }

    [Fact]
    public void Faults_of_our_own_are_no_system_errors()
    {
        Assert.False(SystemErrors.IsSystemError(new InvalidOperationException()));
        Assert.False(SystemErrors.IsSystemError(new OperationCanceledException()));
    }

    [Theory]
    [InlineData(28, ErrorIds.DiskFull)]
    [InlineData(27, ErrorIds.FileSystemLimit)]
    [InlineData(9, ErrorIds.IOFailed)]
    public void Error_numbers_of_system_calls_too(int errno, string id) => Assert.Equal(id, SystemErrors.OfErrno(errno, "a.vhdx", "reserve").Id);
}
