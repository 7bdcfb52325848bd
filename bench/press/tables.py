"""Documents that are tables: dense statements, flows of funds on large paper, receipts."""

from __future__ import annotations

import random
from collections.abc import Iterator

from PIL import ImageDraw

from bench.press.cast import Cast
from bench.press.facts import BANKS, CITY, some_day
from bench.press.sheet import Sheet, pixels


def dense_statement(cast: Cast, chance: random.Random) -> Iterator[Sheet]:
    """A statement of seven points without rules, sixty rows a side."""
    holder, bank = cast.suspects[0], chance.choice(BANKS)
    sheet = Sheet("交易流水", face=chance.choice(("sans", "ming", "hei")))
    sheet.print_line(105, 12, f"{bank}个人活期明细查询", 12, middle=True)
    sheet.print_line(14, 22, f"户名：{holder.name}", 8)
    sheet.print_line(62, 22, f"卡号：{holder.card}", 8)
    sheet.print_line(136, 22, f"打印日期：{some_day(chance)}", 8)
    places = (14.0, 36.0, 56.0, 70.0, 94.0, 120.0, 138.0, 176.0)
    heads = ("交易日期", "交易时间", "摘要", "交易金额", "余额", "对方户名", "对方账号", "网点")
    rows: list[tuple[str, ...]] = [heads]
    balance = chance.randrange(10_000, 90_000_000)
    for _ in range(60):
        other = chance.choice(cast.victims + cast.suspects[1:])
        amount = chance.randrange(100, 5_000_000) * chance.choice((1, -1))
        balance = abs(balance + amount)
        rows.append(
            (
                f"2030{chance.randint(1, 12):02}{chance.randint(1, 28):02}",
                f"{chance.randint(0, 23):02}:{chance.randrange(60):02}:{chance.randrange(60):02}",
                chance.choice(("转存", "转支", "现支", "网银", "代付", "结息")),
                f"{amount / 100:+.2f}",
                f"{balance / 100:.2f}",
                other.name,
                other.card,
                f"0{chance.randint(100, 999)}",
            )
        )
    y = 30.0
    for row in rows:
        for x, text in zip(places, row, strict=True):
            sheet.print_line(x, y, text, 7)
        y += 4.0
    sheet.print_line(105, 282, f"第{chance.randint(1, 9)}页 共{chance.randint(10, 40)}页", 7, middle=True)
    yield sheet


def fund_table(cast: Cast, chance: random.Random) -> Iterator[Sheet]:
    """资金流向表 on A3, twelve columns."""
    sheet = Sheet("资金流向表", size=(420.0, 297.0), face=chance.choice(("serif", "sans")))
    sheet.print_line(210, 14, f"{cast.suspects[0].name}等人诈骗案资金流向表", 20, face="serif bold", middle=True)
    sheet.print_line(16, 30, f"制表：{cast.police[1].name}    制表日期：{some_day(chance)}    单位：元", 10)
    heads = ("序号", "被害人", "身份证号码", "联系电话", "转出账号", "一级账户", "户名")
    rows: list[tuple[str, ...]] = [(*heads, "日期", "金额", "二级账户", "取现金额", "备注")]
    for number in range(1, 27):
        victim, first, second = chance.choice(cast.victims), cast.suspects[0], chance.choice(cast.suspects[1:])
        paid = chance.randrange(50_000, 30_000_000)
        day = f"2030.{chance.randint(1, 12):02}.{chance.randint(1, 28):02}"
        rows.append(
            (
                str(number),
                victim.name,
                victim.id_number,
                victim.phone,
                victim.card,
                first.card,
                first.name,
                day,
                f"{paid / 100:,.2f}",
                second.card if number % 3 else "",
                f"{paid // 3 / 100:,.2f}" if number % 3 else "",
                chance.choice(("", "", "已核实", "待查", "部分退还")),
            )
        )
    y = sheet.print_table(12, 38, (12, 20, 42, 28, 44, 44, 20, 26, 32, 44, 32, 48), rows, 9, 8.4)
    sheet.print_line(16, y + 4, "说明：本表根据银行交易明细及被害人陈述制作，同日多笔转账已合并。", 10)
    yield sheet


def receipt(cast: Cast, chance: random.Random) -> Iterator[Sheet]:
    """票据粘贴单: two slips of a printer at a till, pasted beside each other, the left one first."""
    sheet = Sheet("票据粘贴单", face="hei")
    sheet.print_line(105, 18, "票据粘贴单", 18, face="serif bold", middle=True)
    draw = ImageDraw.Draw(sheet.picture)
    for left, payer in ((22.0, cast.suspects[0]), (114.0, cast.suspects[2])):
        top = chance.uniform(38, 50)
        goods = chance.sample(
            (("手机壳", 39), ("充电线", 25), ("矿泉水", 2), ("香烟", 45), ("记账本", 12), ("签字笔", 3), ("方便面", 5)),
            5,
        )
        height = 112 + 6 * len(goods)
        box = [pixels(left - 4), pixels(top - 5), pixels(left + 74), pixels(top + height)]
        draw.rectangle(box, fill="#f3f1ea", outline="#b9b6ae", width=3)
        y = sheet.print_line(left + 35, top, f"{CITY}澄江百货商行", 12, middle=True)
        y = sheet.print_line(left + 35, y, "销售小票", 10, middle=True)
        y = sheet.print_line(left, y + 2, f"单号：{chance.randint(10**9, 10**10 - 1)}", 9)
        y = sheet.print_line(
            left, y, f"日期：2030-{chance.randint(1, 12):02}-{chance.randint(1, 28):02} 14:{chance.randint(10, 59)}", 9
        )
        y = _dashes(sheet, left, y)
        for x, text in zip((0, 34, 50), ("品名", "数量", "金额"), strict=True):
            sheet.print_line(left + x, y, text, 9)
        y += 6
        total = 0
        for name, price in goods:
            count = chance.randint(1, 4)
            total += count * price
            for x, text in zip((0, 36, 50), (name, str(count), f"{count * price}.00"), strict=True):
                sheet.print_line(left + x, y, text, 9)
            y += 6
        y = _dashes(sheet, left, y)
        y = sheet.print_line(left, y, f"合计：{total}.00元", 12)
        y = sheet.print_line(left, y, "付款方式：银行卡", 9)
        y = sheet.print_line(left, y, f"卡号：{payer.card}", 9)
        y = sheet.print_line(left, y, f"会员：{payer.phone}", 9)
        y = _dashes(sheet, left, y)
        sheet.print_line(left + 35, y, "谢谢惠顾 欢迎再来", 9, middle=True)
    sheet.print_line(24, 262, f"粘贴人：{cast.police[1].name}", 12)
    sheet.print_line(120, 262, some_day(chance), 12)
    yield sheet


def _dashes(sheet: Sheet, x: float, y: float) -> float:
    """A dashed rule, which is no line of text."""
    draw = ImageDraw.Draw(sheet.picture)
    for place in range(35):
        left = pixels(x + place * 2)
        draw.line([(left, pixels(y + 1.5)), (left + pixels(1.2), pixels(y + 1.5))], "black", 2)
    return y + 4
